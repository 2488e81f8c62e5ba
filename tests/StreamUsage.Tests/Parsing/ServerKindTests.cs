using System.Text;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Parsing;

/// <summary>
/// What servers really send, one kind a row: zeros that are no facts, several names of a count, caches beside the
/// prompt, finish reasons that ended nothing. Each is read whole, byte by byte, at random cuts, and as events too large
/// to keep.
/// </summary>
public sealed class ServerKindTests
{
    private const string Role = """{"id":"k","object":"chat.completion.chunk","model":"m","choices":"""
        + """[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}""";
    private const string Text = """{"id":"k","object":"chat.completion.chunk","model":"m","choices":"""
        + """[{"index":0,"delta":{"content":"The sun is up."},"finish_reason":null}]}""";
    private const string Stop =
        """{"id":"k","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""";
    private const string Start = """{"type":"message_start","message":{"id":"m","role":"assistant","content":[],"model":"m","usage":"""
        + """{"input_tokens":25,"cache_read_input_tokens":100,"output_tokens":1}}}""";
    private const string ClaudeText = """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"The sun is up."}}""";
    private const string MessageStop = """{"type":"message_stop"}""";

    public static TheoryData<string, string[], string> Kinds() => new()
    {
        // A 0 never beats a count, whichever name comes first.
        { "zero aliases behind",
            Usage("""{"prompt_tokens":70,"completion_tokens":9,"total_tokens":79,"input_tokens":0,"output_tokens":0}"""),
            "Completed | in 70 read 0 write 0 (0+0) out 9 reasoning - | in out | stop | None" },
        { "zero aliases before", Usage("""{"output_tokens":0,"input_tokens":0,"prompt_tokens":70,"completion_tokens":9}"""),
            "Completed | in 70 read 0 write 0 (0+0) out 9 reasoning - | in out | stop | None" },
        { "one alias is 0", Usage("""{"prompt_tokens":70,"input_tokens":70,"completion_tokens":9,"output_tokens":0}"""),
            "Completed | in 70 read 0 write 0 (0+0) out 9 reasoning - | in out | stop | None" },
        { "the names of Responses alone", Usage("""{"input_tokens":70,"output_tokens":9,"total_tokens":79,"generation_tps":81.5}"""),
            "Completed | in 70 read 0 write 0 (0+0) out 9 reasoning - | in out | stop | None" },
        { "a cache hit beside zero details", Usage("""{"prompt_tokens":70,"completion_tokens":9,"prompt_cache_hit_tokens":64"""
            + ""","prompt_cache_miss_tokens":6,"prompt_tokens_details":{"cached_tokens":0},"cache_read_input_tokens":0}"""),
            "Completed | in 6 read 64 write 0 (0+0) out 9 reasoning - | in out | stop | None" },
        { "a zero cache hit beside details", Usage(
            """{"prompt_cache_hit_tokens":0,"prompt_tokens":70,"completion_tokens":9,"prompt_tokens_details":{"cached_tokens":64}}"""),
            "Completed | in 6 read 64 write 0 (0+0) out 9 reasoning - | in out | stop | None" },
        { "cache reads at the top", Usage("""{"prompt_tokens":70,"completion_tokens":9,"total_tokens":79,"cache_read_tokens":64}"""),
            "Completed | in 6 read 64 write 0 (0+0) out 9 reasoning - | in out | stop | None" },

        // Counts in other notations.
        { "counts as strings", Usage("""{"prompt_tokens":"70","completion_tokens":"9","total_tokens":"79"}"""),
            "Completed | in 70 read 0 write 0 (0+0) out 9 reasoning - | in out | stop | None" },
        { "counts as whole floats", Usage("""{"prompt_tokens":70.0,"completion_tokens":9.0e0,"total_tokens":7.9e1}"""),
            "Completed | in 70 read 0 write 0 (0+0) out 9 reasoning - | in out | stop | None" },
        { "fractional counts", Usage("""{"prompt_tokens":70,"completion_tokens":9.25,"total_tokens":79.25}"""),
            "Completed | in 70 read 0 write 0 (0+0) out 0 reasoning - | in  | stop | None" },

        // Caches and reasoning beside their wholes.
        { "caches beside the prompt by the total", Usage(
            """{"prompt_tokens":6,"completion_tokens":9,"total_tokens":79,"cache_read_input_tokens":64,"cache_write_input_tokens":0}"""),
            "Completed | in 6 read 64 write 0 (0+0) out 9 reasoning - | in out | stop | None" },
        { "caches beside the prompt by their size", Usage("""{"prompt_tokens":6,"completion_tokens":9,"total_tokens":15"""
            + ""","prompt_tokens_details":{"cached_tokens":64},"cache_read_input_tokens":64,"cache_creation_input_tokens":8}"""),
            "Completed | in 6 read 64 write 8 (0+0) out 9 reasoning - | in out | stop | None" },
        { "caches beside the prompt by a word", Usage("""{"prompt_tokens":600,"completion_tokens":9,"total_tokens":609"""
            + ""","prompt_tokens_details":{"cached_tokens":64,"cached_creation_tokens":8},"claude_cache_creation_5_m_tokens":8"""
            + ""","claude_cache_creation_1_h_tokens":0,"usage_semantic":"anthropic"}"""),
            "Completed | in 600 read 64 write 8 (8+0) out 9 reasoning - | in out | stop | None" },
        { "more cached than sent",
            Usage("""{"prompt_tokens":70,"completion_tokens":9,"total_tokens":79,"prompt_tokens_details":{"cached_tokens":90}}"""),
            "Completed | in 0 read 70 write 0 (0+0) out 9 reasoning - | in out | stop | TotalMismatch" },
        { "reasoning beside a zero completion", [Role, Stop, """{"choices":[],"usage":{"completion_tokens":0,"total_tokens":130"""
            + ""","prompt_tokens":70,"completion_tokens_details":{"reasoning_tokens":60}}}""", "[DONE]"],
            "Completed | in 70 read 0 write 0 (0+0) out 60 reasoning 60 | in out | stop | None" },
        { "thoughts in the total alone", Usage("""{"prompt_tokens":70,"completion_tokens":9,"total_tokens":479}"""),
            "Completed | in 70 read 0 write 0 (0+0) out 409 reasoning - | in out | stop | TotalMismatch" },

        // Zeros that cannot be true.
        { "zeros until the last chunk", [With(Role, """{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}"""),
            With(Text, """{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}"""),
            With(Stop, """{"prompt_tokens":70,"completion_tokens":9,"total_tokens":79}"""), "[DONE]"],
            "Completed | in 70 read 0 write 0 (0+0) out 9 reasoning - | in out | stop | None" },
        { "zeros, and cut",
            [With(Role, """{"prompt_tokens":0,"completion_tokens":0}"""), With(Text, """{"prompt_tokens":0,"completion_tokens":0}""")],
            "Interrupted | in 0 read 0 write 0 (0+0) out 0 reasoning - |  | - | ImplausibleZero" },
        { "a final output of 0 beside text", Usage("""{"prompt_tokens":70,"completion_tokens":0,"total_tokens":70}"""),
            "Completed | in 70 read 0 write 0 (0+0) out 0 reasoning - | in  | stop | ImplausibleZero" },
        { "an output of 0 of an empty answer",
            [Role, Stop, """{"choices":[],"usage":{"prompt_tokens":70,"completion_tokens":0,"total_tokens":70}}""", "[DONE]"],
            "Completed | in 70 read 0 write 0 (0+0) out 0 reasoning - | in out | stop | None" },
        { "a prompt of 0 beside output", Usage("""{"prompt_tokens":0,"completion_tokens":9,"total_tokens":9}"""),
            "Completed | in 0 read 0 write 0 (0+0) out 9 reasoning - | out | stop | ImplausibleZero" },
        { "usage before the last chunk",
            [Role, Text, With(Role, """{"prompt_tokens":70,"completion_tokens":9}"""), With(Stop, "null"), "[DONE]"],
            "Completed | in 70 read 0 write 0 (0+0) out 9 reasoning - | in out | stop | None" },
        { "usage before more text", [With(Text, """{"prompt_tokens":70,"completion_tokens":9}"""), Text, Stop, "[DONE]"],
            "Completed | in 70 read 0 write 0 (0+0) out 9 reasoning - | in partly | stop | ImplausibleZero" },
        { "zeros after more text", [With(Text, """{"prompt_tokens":70,"completion_tokens":9,"total_tokens":79}"""), Text, Stop,
            """{"choices":[],"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}}""", "[DONE]"],
            "Completed | in 70 read 0 write 0 (0+0) out 9 reasoning - | in partly | stop | ImplausibleZero" },
        { "an empty usage after more text", [With(Text, """{"prompt_tokens":70,"completion_tokens":9,"total_tokens":79}"""), Text, Stop,
            """{"choices":[],"usage":{}}""", "[DONE]"],
            "Completed | in 70 read 0 write 0 (0+0) out 9 reasoning - | in partly | stop | ImplausibleZero" },
        { "usage in two stages", [Role, Text, With(Stop, """{"prompt_tokens":70,"completion_tokens":9,"total_tokens":79}"""),
            """{"choices":[],"usage":{"prompt_tokens":70,"completion_tokens":9,"total_tokens":79,"prompt_tokens_details":"""
                + """{"cached_tokens":64}}}""", "[DONE]"],
            "Completed | in 6 read 64 write 0 (0+0) out 9 reasoning - | in out | stop | None" },

        // n = 2, each choice counted by itself, and then the total.
        { "choices count for themselves", [Choice(0, "a", 1), Choice(1, "b", 1), Choice(0, "c", 4), Choice(1, "d", 5)],
            "Interrupted | in 12 read 0 write 0 (0+0) out 9 reasoning - | in out | - | None" },
        { "choices count for themselves, then all", [Choice(0, "a", 1), Choice(1, "b", 1), Choice(0, "c", 4), Choice(1, "d", 5),
            """{"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":11,"total_tokens":23}}""", "[DONE]"],
            "Completed | in 12 read 0 write 0 (0+0) out 11 reasoning - | in out | - | None" },
        { "chunks of two choices count the whole answer", [Choice(0, "a", 1), Choice(1, "b", 2), Choice(0, "c", 3), Choice(1, "d", 4)],
            "Interrupted | in 12 read 0 write 0 (0+0) out 4 reasoning - | in out | - | None" },
        { "a usage in each choice", [Last(0, "a", 50), Last(1, "b", 60), "[DONE]"],
            "Completed | in 12 read 0 write 0 (0+0) out 110 reasoning - | in out | stop | None" },
        { "a usage in each choice, the larger one first", [Last(0, "a", 60), Last(1, "b", 50), "[DONE]"],
            "Completed | in 12 read 0 write 0 (0+0) out 110 reasoning - | in out | stop | None" },

        // Finish reasons that ended nothing, and others that did.
        { "the text null is no reason, cut",
            [Finish("\"null\"", ""), Finish("\"null\"", "Hi")], "Interrupted | in 0 read 0 write 0 (0+0) out 0 reasoning - |  | - | None" },
        { "an empty reason is none", [Finish("\"\"", "Hi")], "Interrupted | in 0 read 0 write 0 (0+0) out 0 reasoning - |  | - | None" },
        { "a reason before output ended nothing, cut",
            [Finish("\"stop\"", ""), Text], "Interrupted | in 0 read 0 write 0 (0+0) out 0 reasoning - |  | - | None" },
        { "a reason before output, then another", [Finish("\"stop\"", ""), Text, Finish("\"length\"", ""), "[DONE]"],
            "Completed | in 0 read 0 write 0 (0+0) out 0 reasoning - |  | length | None" },
        { "a reason beside each text", [Finish("\"stop\"", "a"), Finish("\"stop\"", "b")],
            "Completed | in 0 read 0 write 0 (0+0) out 0 reasoning - |  | stop | None" },
        { "finishReason where finish_reason is null",
            [Text, """{"choices":[{"index":0,"delta":{},"finish_reason":null,"finishReason":"stop"}]}"""],
            "Completed | in 0 read 0 write 0 (0+0) out 0 reasoning - |  | stop | None" },
        { "a reason that is an error",
            [Text, Finish("\"error\"", ""), "[DONE]"], "ProviderError | in 0 read 0 write 0 (0+0) out 0 reasoning - |  | error | None" },
        { "a code of 0 in each chunk",
            [Text.Replace("{\"id\"", "{\"code\":0,\"message\":\"\",\"id\"", StringComparison.Ordinal), Stop, "[DONE]"],
            "Completed | in 0 read 0 write 0 (0+0) out 0 reasoning - |  | stop | None" },
        { "an end mark alone", ["[DONE]"], "Empty | in 0 read 0 write 0 (0+0) out 0 reasoning - |  | - | None" },
        { "pings and an end mark", ["""{"type":"ping"}""", "[DONE]"], "Empty | in 0 read 0 write 0 (0+0) out 0 reasoning - |  | - | None" },
        { "an end mark after what nothing reads",
            ["""{"odd":1,"text":"a"}""", "[DONE]"], "Unreadable | in 0 read 0 write 0 (0+0) out 0 reasoning - |  | - | None" },

        // Anthropic's protocol behind gateways.
        { "a delta whose input is 0",
            [Start, ClaudeText, Delta("""{"input_tokens":0,"cache_read_input_tokens":0,"output_tokens":22}"""), MessageStop],
            "Completed | in 25 read 100 write 0 (0+0) out 22 reasoning - | in out | end_turn | ImplausibleZero" },
        { "a start of zeros", ["""{"type":"message_start","message":{"usage":{"input_tokens":0,"output_tokens":0}}}""",
            ClaudeText, Delta("""{"input_tokens":25,"output_tokens":22}"""), MessageStop],
            "Completed | in 25 read 0 write 0 (0+0) out 22 reasoning - | in out | end_turn | None" },
        { "two deltas", [Start, ClaudeText, Delta("""{"output_tokens":22}"""),
            """{"type":"message_delta","delta":{"stop_reason":null},"usage":{"output_tokens":60}}""", MessageStop],
            "Completed | in 25 read 100 write 0 (0+0) out 60 reasoning - | in out | end_turn | None" },
        { "a delta without usage", ["""{"type":"message_start","message":{"usage":{"input_tokens":25,"output_tokens":0}}}""",
            ClaudeText, Delta("null"), MessageStop],
            "Completed | in 25 read 0 write 0 (0+0) out 0 reasoning - | in  | end_turn | None" },
        { "a final output of 0 beside text, Claude", [Start, ClaudeText, Delta("""{"input_tokens":25,"output_tokens":0}"""), MessageStop],
            "Completed | in 25 read 100 write 0 (0+0) out 0 reasoning - | in  | end_turn | ImplausibleZero" },
        { "usage inside the delta", [Start,
            ClaudeText, """{"type":"message_delta","delta":{"stop_reason":"end_turn","usage":{"output_tokens":22}}}""", MessageStop],
            "Completed | in 25 read 100 write 0 (0+0) out 22 reasoning - | in out | end_turn | None" },
        { "a start that counts the cache too", ["""{"type":"message_start","message":"""
            + """{"usage":{"input_tokens":125,"output_tokens":0}}}""", ClaudeText, Delta("""{"input_tokens":25"""
                + ""","cache_read_input_tokens":100,"output_tokens":6,"prompt_tokens":125,"completion_tokens":6,"total_tokens":131}"""),
            MessageStop],
            "Completed | in 25 read 100 write 0 (0+0) out 6 reasoning - | in out | end_turn | None" },

        // Gemini.
        { "candidates with the thoughts in",
            [Gemini("Hi", "STOP", """{"promptTokenCount":50,"candidatesTokenCount":70,"thoughtsTokenCount":60,"totalTokenCount":120}""")],
            "Completed | in 50 read 0 write 0 (0+0) out 70 reasoning 60 | in out | STOP | None" },
        { "the prompt of tools", [Gemini("Hi", "STOP", """{"promptTokenCount":50,"candidatesTokenCount":10,"thoughtsTokenCount":30"""
            + ""","toolUsePromptTokenCount":90,"totalTokenCount":180}""")],
            "Completed | in 140 read 0 write 0 (0+0) out 40 reasoning 30 | in out | STOP | None" },
        { "cached tokens by modality alone", [Gemini("Hi", "STOP", """{"promptTokenCount":50,"candidatesTokenCount":10"""
            + ""","totalTokenCount":60,"cacheTokensDetails":[{"modality":"TEXT","tokenCount":20},{"modality":"IMAGE","tokenCount":7}]}""")],
            "Completed | in 23 read 27 write 0 (0+0) out 10 reasoning - | in out | STOP | None" },
        { "thoughts that the last chunk leaves out",
            [Gemini("", null, """{"promptTokenCount":50,"thoughtsTokenCount":67,"totalTokenCount":117}"""),
                Gemini("", "MALFORMED_FUNCTION_CALL", """{"promptTokenCount":50,"totalTokenCount":50}""")],
            "Completed | in 50 read 0 write 0 (0+0) out 67 reasoning 67 | in out | MALFORMED_FUNCTION_CALL | None" },
        { "zeros early, and cut", [Gemini("Hi", null, """{"promptTokenCount":0,"candidatesTokenCount":0,"totalTokenCount":0}""")],
            "Interrupted | in 0 read 0 write 0 (0+0) out 0 reasoning - |  | - | ImplausibleZero" },
        { "STOP in each chunk, the prompt alone, cut", [Gemini("Hi", "STOP", """{"promptTokenCount":50,"totalTokenCount":50}""")],
            "Completed | in 50 read 0 write 0 (0+0) out 0 reasoning - | in  | STOP | ImplausibleZero" },
        { "STOP before the text, cut", [Gemini("", "STOP", null), Gemini("Hi", null, """{"promptTokenCount":50,"totalTokenCount":50}""")],
            "Interrupted | in 50 read 0 write 0 (0+0) out 0 reasoning - | in  | - | None" },
        { "STOP before the text, then another", [Gemini("", "STOP", null),
            Gemini("Hi", "MAX_TOKENS", """{"promptTokenCount":50,"candidatesTokenCount":6,"totalTokenCount":56}""")],
            "Completed | in 50 read 0 write 0 (0+0) out 6 reasoning - | in out | MAX_TOKENS | None" },

        // Responses.
        { "zeros beside text, Responses",
            Response("response.completed", "completed", """{"input_tokens":0,"output_tokens":0,"total_tokens":0}"""),
            "Completed | in 0 read 0 write 0 (0+0) out 0 reasoning - |  | completed | ImplausibleZero" },
        { "response.done is an end by its status",
            Response("response.done", "completed", """{"input_tokens":21,"output_tokens":6,"total_tokens":27}"""),
            "Completed | in 21 read 0 write 0 (0+0) out 6 reasoning - | in out | completed | None" },
        { "response.done of a status that goes on is none",
            Response("response.done", "in_progress", "null"), "Interrupted | in 0 read 0 write 0 (0+0) out 0 reasoning - |  | - | None" },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_kind_of_server_is_read_as_is_right_however_it_is_cut(string name, string[] events, string expected)
    {
        byte[] body = Encoding.UTF8.GetBytes(ReadBody.Sse(events));
        var random = new Random(name.Length);

        ReadBody.Of(body).Facts.Should().Be(expected);
        ReadBody.Of(body, pieceLength: 1).Facts.Should().Be(expected);
        ReadBody.Of(body, pieceLength: 200, lengths: random).Facts.Should().Be(expected, "at random cuts");
        ReadBody.Of(body, maxEventBytes: 1).Facts.Should().Be(expected, "as events too large to keep");
        ReadBody.Of(body, pieceLength: 9, maxEventBytes: 1).Facts.Should().Be(expected, "as such in pieces");
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_kind_of_server_that_leaves_out_blank_lines_is_read_all_the_same(string name, string[] events, string expected)
    {
        foreach (string separator in (string[])["\ndata: ", "", " "])
        {
            byte[] body = Encoding.UTF8.GetBytes($"data: {string.Join(separator, events)}\n");

            ReadBody.Of(body).Facts.Should().Be(expected, "{0}, parted by '{1}'", name, separator);
            ReadBody.Of(body, pieceLength: 1).Facts.Should().Be(expected);
            ReadBody.Of(body, maxEventBytes: 1).Facts.Should().Be(expected, "as events too large to keep");
        }
    }

    private static string[] Usage(string usage) =>
        [Role, Text, Stop, $$"""{"id":"k","object":"chat.completion.chunk","model":"m","choices":[],"usage":{{usage}} }""", "[DONE]"];

    private static string With(string chunk, string usage) => $"{chunk[..^1]},\"usage\":{usage}}}";

    private static string Choice(int index, string text, int tokens) =>
        $$"""{"id":"k","object":"chat.completion.chunk","choices":[{"index":{{index}},"delta":{"content":"{{text}}"} }],"usage":"""
        + $$"""{"prompt_tokens":12,"completion_tokens":{{tokens}},"total_tokens":{{tokens + 12}} } }""";

    private static string Last(int index, string text, int tokens) =>
        $$"""{"id":"k","choices":[{"index":{{index}},"delta":{"content":"{{text}}"},"finish_reason":"stop","usage":"""
        + $$"""{"prompt_tokens":12,"completion_tokens":{{tokens}},"total_tokens":{{tokens + 12}} } }]}""";

    private static string Finish(string reason, string text) =>
        $$"""{"choices":[{"index":0,"delta":{"content":"{{text}}"},"finish_reason":{{reason}} }]}""";

    private static string Delta(string usage) =>
        $$"""{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{{usage}} }""";

    private static string Gemini(string text, string? reason, string? usage)
    {
        string parts = text.Length == 0 ? "" : $"{{\"text\":\"{text}\"}}";
        return $"{{\"candidates\":[{{\"index\":0,"
            + $"\"content\":{{\"parts\":[{parts}],\"role\":\"model\"}}{(reason is null ? "" : $",\"finishReason\":\"{reason}\"")}}}]"
            + $"{(usage is null ? "" : $",\"usageMetadata\":{usage}")}}}";
    }

    private static string[] Response(string type, string status, string usage) =>
    [
        """{"type":"response.created","response":{"id":"r","object":"response","status":"in_progress","output":[],"usage":null}}""",
        """{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"The sun is up."}""",
        $$"""{"type":"{{type}}","response":{"id":"r","object":"response","status":"{{status}}","output":[],"usage":{{usage}} } }""",
    ];
}
