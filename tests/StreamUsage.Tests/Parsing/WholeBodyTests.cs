using System.Text;
using StreamUsage.Accounting;
using StreamUsage.Framing;
using StreamUsage.Parsing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Parsing;

/// <summary>One JSON body of each protocol, small and far over the limit, its properties in any order: the same counts,
/// in bounded memory.</summary>
public sealed class WholeBodyTests
{
    private const int Size = 600 * 1024;

    private static readonly (string Protocol, string Counts, string[] Members)[] Bodies =
    [
        ("anthropic-messages", "in 10 read 3 write 4 (4+0) out 7 reasoning -", ["\"id\":\"i\"",
            "\"type\":\"message\"", "\"role\":\"assistant\"", "\"model\":\"m\"", "\"content\":[{\"type\":\"text\",\"text\":\"TEXT\"}]",
            "\"stop_reason\":\"end_turn\"", "\"usage\":{\"input_tokens\":10,\"cache_read_input_tokens\":3,"
                + "\"cache_creation_input_tokens\":4,\"cache_creation\":{\"ephemeral_5m_input_tokens\":4},\"output_tokens\":7}"]),
        ("openai-chat", "in 7 read 3 write 0 (0+0) out 7 reasoning 2", ["\"id\":\"i\"", "\"object\":\"chat.completion\"",
            "\"model\":\"m\"", "\"choices\":[{\"index\":0,\"message\":{\"content\":\"TEXT\"},\"finish_reason\":\"end_turn\"}]",
            "\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":7,\"prompt_tokens_details\":{\"cached_tokens\":3},"
                + "\"completion_tokens_details\":{\"reasoning_tokens\":2}}"]),
        ("openai-responses", "in 7 read 3 write 0 (0+0) out 7 reasoning 2",
            ["\"id\":\"i\"", "\"object\":\"response\"", "\"status\":\"end_turn\"", "\"model\":\"m\"",
                "\"output\":[{\"type\":\"message\",\"content\":[{\"type\":\"output_text\",\"text\":\"TEXT\"}]}]",
                "\"usage\":{\"input_tokens\":10,\"output_tokens\":7,\"total_tokens\":17,\"input_tokens_details\":{\"cached_tokens\":3},"
                    + "\"output_tokens_details\":{\"reasoning_tokens\":2}}"]),
        ("openai-completions", "in 10 read 0 write 0 (0+0) out 7 reasoning -", ["\"id\":\"i\"", "\"object\":\"text_completion\"",
            "\"model\":\"m\"", "\"choices\":[{\"index\":0,\"text\":\"TEXT\",\"finish_reason\":\"end_turn\"}]",
            "\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":7,\"total_tokens\":17}"]),
        ("openai-embeddings", "in 10 read 0 write 0 (0+0) out 0 reasoning -",
            ["\"id\":\"i\"", "\"object\":\"list\"", "\"data\":[{\"object\":\"embedding\",\"index\":0,\"embedding\":[NUMBERS]}]",
                "\"model\":\"m\"", "\"usage\":{\"prompt_tokens\":10,\"total_tokens\":10}"]),
        ("gemini", "in 12 read 3 write 0 (0+0) out 9 reasoning 2", ["\"candidates\":[{\"content\":"
            + "{\"parts\":[{\"inlineData\":{\"data\":\"TEXT\"}},{\"text\":\"TEXT\"}]},\"finishReason\":\"end_turn\"}]",
            "\"usageMetadata\":{\"promptTokenCount\":10,\"cachedContentTokenCount\":3,\"candidatesTokenCount\":7,\"thoughtsTokenCount\":2,"
                + "\"toolUsePromptTokenCount\":5,\"totalTokenCount\":24}", "\"modelVersion\":\"m\"", "\"responseId\":\"i\""]),
        ("bedrock-converse", "in 10 read 3 write 4 (0+0) out 7 reasoning -",
            ["\"metrics\":{\"latencyMs\":1}", "\"output\":{\"message\":{\"content\":[{\"text\":\"TEXT\"}]}}", "\"stopReason\":\"end_turn\"",
                "\"usage\":{\"inputTokens\":10,\"outputTokens\":7,\"cacheReadInputTokens\":3,\"cacheWriteInputTokens\":4}"]),
        ("gemini-interactions", "in 12 read 3 write 0 (0+0) out 9 reasoning 2",
            ["\"id\":\"i\"", "\"object\":\"interaction\"", "\"status\":\"end_turn\"", "\"model\":\"m\"",
                "\"steps\":[{\"type\":\"thought\",\"signature\":\"TEXT\"},{\"type\":\"model_output\","
                    + "\"content\":[{\"type\":\"text\",\"text\":\"TEXT\"}]}]", "\"usage\":{\"total_input_tokens\":10,"
                        + "\"total_cached_tokens\":3,\"total_tool_use_tokens\":5,\"total_output_tokens\":7,\"total_thought_tokens\":2,"
                        + "\"total_tokens\":24}"]),
        ("cohere-chat", "in 7 read 3 write 0 (0+0) out 7 reasoning 2", ["\"id\":\"i\"",
            "\"message\":{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"TEXT\"}],"
                + "\"citations\":[{\"text\":\"TEXT\"}]}", "\"finish_reason\":\"end_turn\"",
            "\"usage\":{\"billed_units\":{\"input_tokens\":1,\"output_tokens\":1},\"tokens\":{\"input_tokens\":10,\"output_tokens\":7,"
                + "\"reasoning_tokens\":2},\"cached_tokens\":3}"]),
        ("cohere-embed", "in 10 read 0 write 0 (0+0) out 0 reasoning -",
            ["\"id\":\"i\"", "\"embeddings\":{\"float\":[[NUMBERS],[NUMBERS]]}",
                "\"texts\":[\"TEXT\"]", "\"meta\":{\"billed_units\":{\"input_tokens\":10}}"]),
        ("mistral-conversations", "in 15 read 3 write 0 (0+0) out 7 reasoning -", ["\"conversation_id\":\"i\"",
            "\"object\":\"conversation.response\"", "\"outputs\":[{\"type\":\"message.output\",\"model\":\"m\",\"content\":\"TEXT\"}]",
            "\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":7,\"connector_tokens\":8,\"total_tokens\":25,\"prompt_tokens_details\":"
                + "{\"cached_tokens\":3}}"]),
        ("openai-images", "in 10 read 0 write 0 (0+0) out 7 reasoning -",
            ["\"created\":1", "\"data\":[{\"b64_json\":\"TEXT\"},{\"b64_json\":\"TEXT\"}]",
                "\"usage\":{\"input_tokens\":10,\"output_tokens\":7,\"total_tokens\":17}"]),
        ("openai-audio", "in 10 read 0 write 0 (0+0) out 7 reasoning -",
            ["\"text\":\"TEXT\"", "\"model\":\"m\"", "\"segments\":[{\"text\":\"TEXT\"}]",
                "\"usage\":{\"type\":\"tokens\",\"input_tokens\":10,\"output_tokens\":7,\"total_tokens\":17}"]),
        ("bedrock-invoke", "in 10 read 0 write 0 (0+0) out 7 reasoning -",
            ["\"generation\":\"TEXT\"", "\"prompt_token_count\":10", "\"generation_token_count\":7", "\"stop_reason\":\"end_turn\""]),
    ];

    public static TheoryData<string, int, bool> Orders()
    {
        var data = new TheoryData<string, int, bool>();
        foreach ((string protocol, _, string[] members) in Bodies)
        {
            for (int first = 0; first < members.Length; first++)
            {
                data.Add(protocol, first, false);
                data.Add(protocol, first, true);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Orders))]
    public void A_whole_body_gives_its_counts_whatever_its_size_and_the_order_of_its_properties(string protocol, int first, bool isLarge)
    {
        (_, string counts, string[] members) = Bodies.Single(body => body.Protocol == protocol);
        string json = "{" + string.Join(", ", [.. members[first..], .. members[..first]]) + "}";
        json = json.Replace("TEXT", isLarge ? Repeat("Some \\\"text\\\" \u00e4\\n{[", Size) : "Some text", StringComparison.Ordinal)
            .Replace("NUMBERS", isLarge ? Repeat("0.0123,-1.5e-05,", Size) + "1" : "1,2", StringComparison.Ordinal);
        byte[] body = Encoding.UTF8.GetBytes(json);

        ReadBody read = Read(body, new Random(first), out long allocated);

        read.Should().BeEquivalentTo(
            new { Protocol = protocol, Outcome = StreamOutcome.Completed, Counts = counts, EventCount = 1, SkippedEvents = 0 });
        (read.State.IsInputReported, read.State.IsOutputReported).Should().Be((true, true));
        (read.State.StopReason ?? "end_turn").Should().Be("end_turn");
        (read.State.Model ?? "m").Should().Be("m");
        allocated.Should().BeLessThan(400 * 1024);
    }

    [Theory]
    [InlineData("[", "]")]
    [InlineData("[{\"response\":", "}]")]
    [InlineData("{\"response\":", "}")]
    public void A_large_chunk_of_a_Gemini_array_and_one_in_a_wrapper_are_read(string start, string end)
    {
        string chunk = "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"" + Repeat("text ", Size)
            + "\"}]},\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":10,\"candidatesTokenCount\":7},"
            + "\"modelVersion\":\"m\"}";

        ReadBody read = Read(Encoding.UTF8.GetBytes(start + chunk + end), new Random(1), out _);

        read.Should().BeEquivalentTo(new
        {
            Protocol = "gemini",
            Outcome = StreamOutcome.Completed,
            EventCount = 1,
            SkippedEvents = 0,
            Counts = "in 10 read 0 write 0 (0+0) out 7 reasoning -",
        });
        read.State.StopReason.Should().Be("STOP");
    }

    [Theory]
    [InlineData("AUTO", """{"error":{"message":"No more.","type":"rate_limit_error"}}""", null, 429)]
    [InlineData("CLAUDE", """{"error":{"message":"No more.","type":"rate_limit_error"}}""", "anthropic-messages", 429)]
    [InlineData("OPENAI", """{"error":"No more."}""", "openai-chat", 502)]
    [InlineData("GEMINI", """{"error":{"message":"No more.","code":503}}""", "gemini", 503)]
    [InlineData("BEDROCK", """{"error":{"message":"No more.","type":"throttlingException"}}""", "bedrock-converse", 429)]
    [InlineData("AUTO", """{"throttlingException":{"message":"No more."}}""", "bedrock-converse", 429)]
    public void An_error_body_under_a_status_of_200_is_a_provider_error(string format, string body, string? protocol, int status)
    {
        // As it is, with white space and a byte order mark before it, and as the only event of a stream.
        foreach (string framed in (string[])[body,
            " \r\n\t" + body + "\n", "\ufeff" + body, "data: " + body + "\n\n", "event: error\ndata: " + body + "\n\n"])
        {
            ReadBody read = ReadBody.Of(framed, new ApiFormat(format));

            read.Should().BeEquivalentTo(new { Outcome = StreamOutcome.ProviderError, StatusCode = status, EventCount = 1 }, framed);
            read.State.Error!.Message.Should().Be("No more.", framed);
            read.Protocol.Should().Be(protocol ?? read.Protocol);
        }
    }

    [Theory]
    [InlineData(Answers.Claude)]
    [InlineData(Answers.ChatText + "data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\n")]
    [InlineData(Answers.ResponsesCreated
        + "data: {\"type\":\"response.completed\",\"response\":{\"usage\":{\"input_tokens\":3,\"output_tokens\":4}}}\n\n")]
    public void JSON_lines_without_data_are_a_stream_of_their_wire(string stream)
    {
        string[] data = [.. stream.Split('\n')
            .Where(line => line.StartsWith("data: ", StringComparison.Ordinal)).Select(line => line["data: ".Length..])];
        ReadBody events = ReadBody.Of(stream);

        foreach (string ends in (string[])["\n", "\r\n", "\n\n"])
        {
            ReadBody lines = ReadBody.Of(string.Concat(data.Select(line => line + ends)), pieceLength: 11);

            (lines.Protocol, lines.Usage, lines.Outcome, lines.EventCount, lines.OutputCharacters)
                .Should().Be((events.Protocol, events.Usage, events.Outcome, events.EventCount, events.OutputCharacters));
        }
    }

    private static string Repeat(string unit, int size) =>
        new StringBuilder(size + unit.Length).Insert(0, unit, size / unit.Length).ToString();

    private static ReadBody Read(byte[] body, Random random, out long allocated)
    {
        var reader = new BodyReader(new ReaderSettings(new ParserSet([]), 64 * 1024), ApiFormat.Auto);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int at = 0; at < body.Length;)
        {
            int length = Math.Min(random.Next(1, 100_000), body.Length - at);
            reader.Read(body.AsSpan(at, length));
            at += length;
        }

        allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        return ReadBody.Finish(reader, body.Length);
    }
}
