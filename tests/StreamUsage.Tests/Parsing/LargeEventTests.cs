using System.Text;
using StreamUsage.Framing;
using StreamUsage.Parsing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Parsing;

/// <summary>Events far over the limit: their usage is exact all the same, in bounded memory.</summary>
public sealed class LargeEventTests
{
    private const int Size = 8 * 1024 * 1024;
    private const string Usage = """{"input_tokens":100,"input_tokens_details":{"cached_tokens":60},"output_tokens":7"""
        + ""","output_tokens_details":{"reasoning_tokens":4},"total_tokens":107}""";

    public static TheoryData<string, int, bool> Shapes()
    {
        var data = new TheoryData<string, int, bool>();
        foreach (string filler in new[] { "string", "escapes", "surrogates", "objects", "keys", "nested" })
        {
            for (int place = 0; place < 3; place++)
            {
                data.Add(filler, place, true);
                data.Add(filler, place, false);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void The_usage_of_an_event_of_megabytes_is_exact_wherever_it_stands(string filler, int place, bool isSse)
    {
        string large = $"\"output\":{Filler(filler, Size / 2)}";
        string more = $"\"more\":{Filler(filler, Size / 2)}";
        const string UsageProperty = $"\"usage\":{Usage}";
        string[] parts =
            place switch { 0 => [UsageProperty, large, more], 1 => [large, UsageProperty, more], _ => [large, more, UsageProperty] };
        string response = $$"""{"object":"response","id":"resp_1","status":"completed","model":"m",{{string.Join(',', parts)}} }""";
        byte[] body = Encoding.UTF8
            .GetBytes(isSse ? $$"""data: {"type":"response.completed","sequence_number":9,"response":{{response}} }""" + "\n\n" : response);

        ReadBody read = Read(body, new Random(place), out long allocated);

        read.Should().BeEquivalentTo(new
        {
            Protocol = "openai-responses",
            Outcome = StreamOutcome.Completed,
            Counts = "in 40 read 60 write 0 (0+0) out 7 reasoning 4",
            UsageJson = Usage,
            EventCount = 1,
            SkippedEvents = 0,
        });
        read.State.Should().BeEquivalentTo(new { ResponseId = "resp_1", Model = "m", StopReason = "completed" });
        allocated.Should().BeLessThan(4 * 1024 * 1024);
    }

    [Theory]
    [InlineData("""{"type":"message_start","message":{"id":"msg_1","model":"m",FILLER,"usage":{"input_tokens":10,"output_tokens":1}}}""")]
    [InlineData("""{"type":"message_start",FILLER,"message":{"model":"m","usage":{"input_tokens":10,"output_tokens":1},"id":"msg_1"}}""")]
    public void A_large_start_of_a_Claude_message_is_read(string start)
    {
        foreach (string filler in new[] { "string", "objects", "keys", "nested" })
        {
            string body = ReadBody.Sse(start.Replace("FILLER", "\"content\":" + Filler(filler, 2 * 1024 * 1024), StringComparison.Ordinal),
                ClaudeUsageTests.Delta("""{"output_tokens":7}"""), ClaudeUsageTests.Stop);

            ReadBody.Of(body).Should().BeEquivalentTo(new
            {
                Counts = "in 10 read 0 write 0 (0+0) out 7 reasoning -",
                Outcome = StreamOutcome.Completed,
                SkippedEvents = 0,
                State = new { ResponseId = "msg_1", Model = "m" },
            });
        }
    }

    [Theory]
    [InlineData("""{"id":"c","object":"chat.completion.done",FILLER,"choices":[{"index":0,"finish_reason":"stop","message":"""
        + """{"content":"Hi"},"delta":{"content":""}}],"usage":{"prompt_tokens":10,"completion_tokens":7}}""", "stop")]
    [InlineData("""{FILLER,"candidates":[{"content":{"parts":[{"text":"Hi"}]},"finishReason":"STOP"}],"usageMetadata":"""
        + """{"promptTokenCount":10,"candidatesTokenCount":7}}""", "STOP")]
    public void How_a_large_answer_has_ended_is_read_though_long_arrays_come_first(string json, string reason)
    {
        foreach (string elements in new[]
        {
            "{\"title\":\"t\",\"url\":\"https://example.com/\",\"snippet\":\"" + new string('x', 3000) + "\"},",
            "\"https://example.com/\",",
            "[[\"a\",{\"choices\":[]}],7],",
        })
        {
            string array = "[" + string.Concat(Enumerable.Repeat(elements, (2 * 1024 * 1024 / elements.Length) + 1)) + "0]";
            string large = json.Replace(
                "FILLER", $"\"citations\":{array},\"nested\":{{\"search_results\":{array}}}", StringComparison.Ordinal);

            foreach (string body in new[] { large, ReadBody.Sse(large) })
            {
                ReadBody read = ReadBody.Of(body, pieceLength: 64 * 1024);

                read.Should().BeEquivalentTo(new
                {
                    Outcome = StreamOutcome.Completed,
                    Counts = "in 10 read 0 write 0 (0+0) out 7 reasoning -",
                    SkippedEvents = 0,
                    OutputCharacters = 2,
                    State = new { StopReason = reason },
                });
            }
        }
    }

    [Fact]
    public void A_large_event_that_is_not_JSON_is_skipped_and_decoding_goes_on()
    {
        string start = ClaudeUsageTests.Start("""{"input_tokens":10,"output_tokens":1}""");
        string body = ReadBody.Sse(
            start, new string('x', 2 * 1024 * 1024), "{\"type\":\"message_delta\"" + new string(' ', 2 * 1024 * 1024),
            ClaudeUsageTests.Delta("""{"output_tokens":7}"""), ClaudeUsageTests.Stop);

        ReadBody.Of(body, pieceLength: 4096).Should().BeEquivalentTo(new
        {
            EventCount = 3,
            SkippedEvents = 2,
            Outcome = StreamOutcome.Completed,
            Counts = "in 10 read 0 write 0 (0+0) out 7 reasoning -",
        });
    }

    [Fact]
    public void A_large_last_event_without_its_blank_line_counts_where_its_JSON_is_whole()
    {
        string large =
            $$"""data: {"type":"response.completed","response":{"output":{{Filler("string", 2 * 1024 * 1024)}},"usage":{{Usage}} } }""";

        ReadBody.Of(large).Usage.OutputTokens.Should().Be(7);
        ReadBody.Of(large[..^1]).Should().BeEquivalentTo(new { EventCount = 0, SkippedEvents = 1 });
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(1)]
    public void The_limit_is_exact(int more)
    {
        const string Json = """{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}""";

        ReadBody read = ReadBody.Of(Encoding.UTF8.GetBytes(ReadBody.Sse(Json)), maxEventBytes: Json.Length + more);

        read.Usage.Should().Be(new TokenUsage { InputTokens = 3, OutputTokens = 4 });
        read.SkippedEvents.Should().Be(0);
    }

    private static ReadBody Read(byte[] body, Random random, out long allocated)
    {
        var reader = new BodyReader(new ReaderSettings(new ParserSet([]), 1024 * 1024), ApiFormat.Auto);
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

    private static string Filler(string kind, int size)
    {
        string unit = kind switch
        {
            "string" => "text, {[\u00e4]} ",
            "escapes" => "\\n\\\"\\\\\\u00e4",
            "surrogates" => "\\ud83d\\ude00\U0001F600",
            "objects" => "{\"type\":\"x\",\"usage\":{\"input_tokens\":9},\"id\":\"no\"},",
            "keys" => "\"k\":{\"usage\":1},",
            _ => "[",
        };
        var text = new StringBuilder(size + 100);
        if (kind == "nested")
        {
            // Ten thousand deep, then wide.
            return text.Append('[', 10_000).Append('"').Append('x', Math.Max(0, size - 20_000)).Append('"').Append(']', 10_000).ToString();
        }

        for (int i = 0; text.Length < size; i++)
        {
            text.Append(kind == "keys" ? unit.Replace("k", "k" + i, StringComparison.Ordinal) : unit);
        }

        return kind switch
        {
            "objects" => "[" + text.Append("0]"),
            "keys" => "{" + text.Append("\"last\":0}"),
            _ => "\"" + text.Append('"'),
        };
    }
}
