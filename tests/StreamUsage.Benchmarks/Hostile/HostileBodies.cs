using System.Globalization;
using System.Text;

namespace StreamUsage.Benchmarks.Hostile;

/// <summary>Bodies that were made to cost their reader as much a byte as possible.</summary>
internal static class HostileBodies
{
    private const string ClaudeStart =
        """{"type":"message_start","message":{"id":"m","model":"claude","usage":{"input_tokens":1,"output_tokens":1}}}""";

    public static IReadOnlyList<(string Name, Func<int, string> Make)> All { get; } =
    [
        ("chat, as servers send it", size => Events(size, i => With(
            i,
            """{"id":"chatcmpl-1","object":"chat.completion.chunk","model":"gpt-5","choices":"""
                + """[{"index":0,"delta":{"content":"word #"}}]}"""))),
        ("blank lines", size => Repeat(size, _ => "\n")),
        ("comments", size => Repeat(size, _ => ":\n")),
        ("empty data lines", size => Repeat(size, _ => "data\n")),
        ("data lines of one event", size => Repeat(size, _ => "data:1\n")),
        ("unknown fields", size => Repeat(size, _ => "x\n")),
        ("event names", size => Repeat(size, _ => "event:a\n")),
        ("events of a digit", size => Repeat(size, _ => "data:1\n\n")),
        ("empty objects", size => Repeat(size, _ => "data:{}\n\n")),
        ("broken objects", size => Repeat(size, _ => "data:{\n\n")),
        ("broken objects of a known protocol", size => Event(ClaudeStart) + Repeat(size, _ => "data:{\n\n")),
        ("broken members of a known protocol", size => Event(ClaudeStart)
            + Repeat(size, i => Event(With(i, """{"type":"message_delta","a":#x""")))),
        ("broken usage of a known protocol", size => Event(ClaudeStart)
            + Repeat(size, i => Event(With(i, """{"usage":{"output_tokens":#}x""")))),
        ("broken JSON lines", size => Repeat(size, _ => "{x}\n")),
        ("broken JSON lines between events", size => "data:1\n" + Repeat(size, _ => "{x}\n")),
        ("named errors of text", size => Repeat(size, i => Invariant($"event:error\ndata:{i}x\n\n"))),
        ("objects that nobody knows", size => Events(size, i => With(i, """{"x":#}"""))),
        ("JSON lines that nobody knows", size => Repeat(size, i => Invariant($"{{\"x\":{i}}}\n"))),
        ("a new shape each", size => Event(ClaudeStart) + Events(size, i => With(i, """{"k#":1,"delta":{"text":"a"}}"""))),
        ("two shapes in turn", size => Event(ClaudeStart)
            + Events(size, i => i % 2 == 0 ? """{"delta":{"text":"a"}}""" : """{"delta":{"text":"a"},"x":1}""")),
        ("ids that change", size => Events(size, i => With(i, """{"id":"i#","choices":[]}"""))),
        ("models that change", size => Events(size, i => With(i, """{"model":"m#","choices":[]}"""))),
        ("choices", size => Events(size, i => With(i, """{"choices":[{"index":#,"delta":{"content":"a"}}]}"""))),
        ("choices of one event", size => Event("""{"choices":[""" + Repeat(size - 40, i => Invariant($"{{\"index\":{i}}},")) + "{}]}")),
        ("tool calls", size => Events(
            size, i => With(i, """{"choices":[{"delta":{"tool_calls":[{"index":#,"function":{"name":"f","arguments":"x"}}]}}]}"""))),
        ("server tools, a count each", size => ToolNames() + Events(size, i => With(i, """{"usage":{"server_tool_use":{"n~":#}}}"""))),
        ("server tools of one event", size => Event(ClaudeStart)
            + Event("""{"usage":{"server_tool_use":{""" + Repeat(size - 200, i => Invariant($"\"n{i % 64}\":{i},")) + "\"z\":1}}}")),
        ("usage objects of one event", size => Event(
            "{" + Repeat(size - 100, i => Invariant($"\"usage\":{{\"server_tool_use\":{{\"n{i % 64}\":{i}}}}},"))
            + "\"type\":\"message_delta\"}")),
        ("iterations", size => Event(ClaudeStart) + Event("""{"type":"message_delta","usage":{"iterations":["""
            + Repeat(size - 300, i => Invariant($"{{\"model\":\"m{i}\"}},")) + "{}]}}")),
        ("iterations in each event", size => Event(ClaudeStart)
            + Events(size, i => With(i, """{"usage":{"iterations":[{"input_tokens":#}]}}"""))),
        ("tool_usage of Responses", size => Event("""{"type":"response.completed","response":{"tool_usage":{"""
            + Repeat(size - 200, i => Invariant($"\"t{i % 64}\":{{\"n\":{i}}},")) + "\"z\":{}}}}")),
        ("items of Responses", size => Event("""{"type":"response.completed","response":{"output":["""
            + Repeat(size - 200, i => Invariant($"{{\"type\":\"t{i % 64}_call\",\"status\":\"completed\"}},")) + "{}]}}")),
        ("item events of Responses", size => Events(
            size, i => With(i, """{"type":"response.output_item.done","item":{"type":"t~_call","status":"completed"}}"""))),
        ("details of Chat", size => Events(size,
            i => With(i, """{"choices":[],"usage":{"prompt_tokens":9,"prompt_tokens_details":{"image_tokens":#,"video_tokens":#}}}"""))),
        ("usage of Gemini", size => Events(size, i => With(
            i, """{"candidates":[],"usageMetadata":{"promptTokenCount":#,"promptTokensDetails":[{"modality":"M~","tokenCount":#}]}}"""))),
        ("modalities of Gemini", size => Event("""{"candidates":[],"usageMetadata":{"promptTokensDetails":["""
            + Repeat(size - 200, i => Invariant($"{{\"modality\":\"IMAGE\",\"tokenCount\":{i}}},")) + "{}]}}")),
        ("errors", size => Events(size, i => With(i, """{"error":{"message":"m#"}}"""))),
        ("message starts", size => Events(
            size, i => With(i, """{"type":"message_start","message":{"id":"#","usage":{"input_tokens":#,"server_tool_use":{"a":1}}}}"""))),
        ("nested arrays", size => Event(
            "{\"a\":" + new string('[', Math.Min(size / 2, 1000)) + new string(']', Math.Min(size / 2, 1000)) + "}")),
        ("nested arrays in each event", size => Events(
            size, i => With(i, """{"a#":""") + new string('[', 900) + new string(']', 900) + "}")),
        ("nested too deep", size => Events(size, _ => "{\"a\":" + new string('[', 1100) + new string(']', 1100) + "}")),
        ("members of one event", size => Event("{" + Repeat(size - 20, _ => "\"a\":1,") + "\"b\":1}")),
        ("members of an event over the limit", size => Event("{" + Repeat(size + (1024 * 1024), _ => "\"a\":1,") + "\"b\":1}")),
        ("escaped names", size => Event(ClaudeStart) + Events(size, i => With(i, """{"\u0075sage":{"output_tok\u0065ns":#}}"""))),
        ("escaped text", size => Events(size, _ => """{"choices":[{"delta":{"content":"\u0061\u0062\n\n\n\ud83d\ude00\\\\"}}]}""")),
        ("broken escapes of text", size => Events(size, _ => """{"choices":[{"delta":{"content":"\ud83d\ud83d\ud83d\ud83d\ud83d"}}]}""")),
        ("counts that make no sense", size => Event(ClaudeStart)
            + Events(size, i => With(i, """{"usage":{"output_tokens":-#,"input_tokens":1.5,"cache_read_input_tokens":"x"}}"""))),
        ("JSON array of nothing", size => "[" + Repeat(size, _ => "1,") + "1]"),
        ("JSON array of empty objects", size => "[" + Repeat(size, _ => "{},") + "{}]"),
        ("JSON body of embeddings", size => """{"object":"list","data":[""" + Repeat(size, _ => "0.1,") + "1]}"),
        ("event stream's zeros", size => new string('\0', size)),
        ("text of one line", size => new string('a', size)),
        ("carriage returns", size => new string('\r', size)),
        ("ids", size => Repeat(size, i => Invariant($"id:{i}\n"))),
        ("retries", size => Repeat(size, i => Invariant($"retry:{i}\n"))),
    ];

    private static string ToolNames() => Event("""{"type":"message_delta","usage":{"server_tool_use":{"""
        + string.Join(',', Enumerable.Range(0, 64).Select(i => Invariant($"\"n{i}\":0"))) + "}}}");

    private static string Event(string data) => $"data:{data}\n\n";

    private static string Events(int size, Func<int, string> data) => Repeat(size, i => Event(data(i)));

    private static string Repeat(int size, Func<int, string> part)
    {
        var repeated = new StringBuilder();
        for (int i = 0; repeated.Length < size; i++)
        {
            repeated.Append(part(i));
        }

        return repeated.ToString();
    }

    // A number in place of each #, the same below 64 in place of each ~.
    private static string With(int i, string data) =>
        data.Replace("#", Invariant($"{i}"), StringComparison.Ordinal).Replace("~", Invariant($"{i % 64}"), StringComparison.Ordinal);

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
