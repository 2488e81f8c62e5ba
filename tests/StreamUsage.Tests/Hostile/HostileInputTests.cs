using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using CsCheck;
using StreamUsage.Accounting;
using StreamUsage.Framing;
using StreamUsage.Parsing;
using StreamUsage.Tests.Fuzz;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Hostile;

/// <summary>
/// Damaged and made-up bodies through decoder and parsers: nothing is thrown, nothing hangs, no count is negative or
/// was not in the body, and cutting changes nothing. Seconds unless STREAMUSAGE_FUZZ_SECONDS says how many.
/// </summary>
public sealed class HostileInputTests
{
    private const int RoundsUnlessTimed = 1500;
    private const int MaxBody = 30_000;
    // Of some milliseconds' work: not a measure, but the difference to a hang.
    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(20);

    private static readonly string[] OwnStreams =
    [
        Answers.Claude,
        Answers.ChatText + Answers.ChatError + Answers.ChatDone,
        Answers.ResponsesCreated + Answers.ResponsesFailed,
        Answers.ResponsesQueued,
        """{"type":"message","id":"m","usage":{"input_tokens":11,"cache_creation":{"ephemeral_5m_input_tokens":3"""
            + ""","ephemeral_1h_input_tokens":4},"output_tokens":5,"server_tool_use":{"web_search_requests":2},"iterations":"""
            + """[{"type":"message","input_tokens":6,"output_tokens":7},{"type":"compaction","model":"x","input_tokens":8"""
            + ""","cache_creation_input_tokens":9}]},"content":[{"type":"text","text":"a"}]}""",
        """[{"candidates":[{"content":{"parts":[{"text":"a","thought":true},{"functionCall":{"name":"f","args":{"x":1}}}]},"index":1}]"""
            + ""","usageMetadata":{"promptTokenCount":100,"totalTokenCount":100}},"""
            + """{"candidates":[{"finishReason":"STOP"},{"index":1,"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":100"""
            + ""","cachedContentTokenCount":30,"toolUsePromptTokenCount":9,"candidatesTokenCount":20,"thoughtsTokenCount":11"""
            + ""","totalTokenCount":140,"promptTokensDetails":[{"modality":"AUDIO","tokenCount":7},{"modality":"IMAGE","tokenCount":8},"""
            + """{"modality":"DOCUMENT","tokenCount":12}],"candidatesTokensDetails":[{"modality":"IMAGE","tokenCount":13}]}"""
            + ""","modelVersion":"g","responseId":"i"}]""",
        """{"output":{"message":{"content":[{"text":"a"},{"toolUse":{"name":"f","input":{"x":1}}}]}},"stopReason":"tool_use","usage":"""
            + """{"inputTokens":30,"outputTokens":21,"totalTokens":51,"cacheReadInputTokens":14,"cacheWriteInputTokens":15"""
            + ""","cacheDetails":[{"inputTokens":6,"ttl":"1h"},{"inputTokens":9,"ttl":"5m"}]}}""",
        """{"messageStart":{"role":"assistant"}}""" + "\n" + """{"contentBlockDelta":{"delta":{"text":"b"},"contentBlockIndex":0}}"""
            + "\n" + """{"throttlingException":{"message":"slow"}}""",
        """{"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":19,"outputTokenCount":8"""
            + ""","cacheReadInputTokenCount":3,"cacheWriteInputTokenCount":4}}""",
        """{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.25,-1e-3]}],"model":"e","usage":{"prompt_tokens":8"""
            + ""","total_tokens":8}}""",
        """{"object":"text_completion","choices":[{"index":0,"text":"x","finish_reason":"length"}],"usage":{"prompt_tokens":5"""
            + ""","completion_tokens":16,"total_tokens":21}}""",
        """{"choices":[{"index":0,"message":{"content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":100,"completion_tokens":20"""
            + ""","total_tokens":150,"prompt_tokens_details":{"cached_tokens":40,"cache_write_tokens":17},"completion_tokens_details":"""
            + """{"reasoning_tokens":30}}}""",
    ];

    private static readonly ParserSet Parsers = new([]);

    [Fact]
    public void Damaged_bodies_are_read_without_harm()
    {
        byte[][] bodies = [.. OwnStreams.Select(Encoding.UTF8.GetBytes),
            .. ProtocolFixture.All.Where(fixture => !fixture.IsBinary).Select(fixture => fixture.Body),
            .. RecordedStream.All("anthropic-messages", "openai-chat", "openai-responses", "gemini", "gemini-interactions", "cohere-chat")
                .Select(stream => stream.Body).Where(body => body.Length < MaxBody)];
        int seconds = int.TryParse(Environment.GetEnvironmentVariable("STREAMUSAGE_FUZZ_SECONDS"),
            CultureInfo.InvariantCulture, out int given) ? given : 0;
        var random = new Random(seconds == 0 ? 3 : Environment.TickCount);
        long end = Environment.TickCount64 + (1000L * seconds);
        for (int round = 0; seconds == 0 ? round < RoundsUnlessTimed : Environment.TickCount64 < end; round++)
        {
            byte[] body = bodies[random.Next(bodies.Length)];
            body = round % 2 == 0 ? WithOtherNumbers(body, random) : body;
            for (int i = random.Next(round % 2 == 0 ? 0 : 1, 4); i > 0; i--)
            {
                body = Mutator.Mutate(body, random);
            }

            Verify(body, random);
        }
    }

    [Fact]
    public void Made_up_bodies_are_read_without_harm()
    {
        string[] words =
        [
            "data: ", "event: ", "message_start", "message_delta", "response.completed", "error", "\n", "\n\n", "\r\n", "{", "}", "[", "]",
            ",", ":", "\"type\":", "\"message\":", "\"usage\":", "\"choices\":",
            "\"delta\":", "\"response\":", "\"input_tokens\":", "\"output_tokens\":", "\"prompt_tokens\":", "\"completion_tokens\":",
            "\"iterations\":", "\"text\":", "\"candidates\":", "\"usageMetadata\":", "\"promptTokenCount\":", "\"finishReason\":",
            "\"messageStart\":", "\"inputTokens\":", "\"object\":", "\"text_completion\"", "\"", "\\u0000", "\\", "1", "-7", "1e9",
            "9007199254740993", "null", "[DONE]", "\0",
            "\u00e4",
        ];
        Gen.Int[0, words.Length - 1].Select(i => words[i])
            .Array[0, 60].Select(Gen.Int, (parts, seed) => (Body: string.Concat(parts), Seed: seed))
            .Sample(made => Verify(Encoding.UTF8.GetBytes(made.Body), new Random(made.Seed)), iter: 3000, threads: 1);
    }

    [Fact]
    public void Sums_of_the_largest_counts_are_never_negative()
    {
        string iteration =
            """{"type":"message","input_tokens":1099511627776,"output_tokens":1099511627776,"cache_read_input_tokens":1099511627776"""
            + ""","cache_creation":{"ephemeral_5m_input_tokens":1099511627776,"ephemeral_1h_input_tokens":1099511627776}}""";
        string body = """{"type":"message","usage":{"input_tokens":1099511627776,"output_tokens":1,"iterations":["""
            + string.Join(',', Enumerable.Repeat(iteration, 5000)) + "]}}";

        ReadBody read = ReadBody.Of(body);

        read.State.Iterations.Should().NotBeEmpty();
        TokenUsage billed = read.State.BilledUsage;
        Counts(billed).Concat([billed.TotalInputTokens, billed.TotalTokens, read.Usage.TotalTokens])
            .Should().AllSatisfy(count => count.Should().BeGreaterThanOrEqualTo(0));
        billed.OutputTokens.Should().BeGreaterThan(1099511627776);
    }

    [Fact]
    public void Damaged_messages_of_an_event_stream_are_read_without_harm()
    {
        (string Type, string Payload)[][] streams =
        [
            [.. Answers.Claude.Split('\n')
                .Where(line => line.StartsWith("data: ", StringComparison.Ordinal)).Select(line => ("chunk", line["data: ".Length..])),
                ("chunk", OwnStreams.Single(stream => stream.Contains("invocationMetrics", StringComparison.Ordinal)))],
            [("messageStart", "{}"), ("contentBlockDelta", """{"delta":{"text":"a"}}"""), ("messageStop", """{"stopReason":"end_turn"}"""),
                ("metadata", """{"usage":{"inputTokens":30,"outputTokens":21,"cacheReadInputTokens":14,"cacheDetails":"""
                    + """[{"inputTokens":6,"ttl":"1h"}]}}"""), ("throttlingException", """{"message":"m"}""")],
        ];
        var random = new Random(11);
        for (int round = 0; round < 600; round++)
        {
            var framed = new EventStreamBytes();
            var said = new List<byte>();
            foreach ((string type, string payload) in streams[round % streams.Length])
            {
                // What is inside is damaged and its checksums are right; one in four is damaged on the way as well.
                byte[] data = random.Next(3) == 0
                    ? Mutator.Mutate(WithOtherNumbers(Encoding.UTF8.GetBytes(payload), random), random) : Encoding.UTF8.GetBytes(payload);
                said.AddRange(data);
                said.Add((byte)'\n');
                string text = Encoding.Latin1.GetString(data);
                _ = type == "chunk" ? framed.Chunk(text)
                    : type.EndsWith("Exception", StringComparison.Ordinal) ? framed.Exception(type, text) : framed.Event(type, text);
            }

            byte[] body = framed.ToArray();
            Verify(round % 4 == 0 ? [0, .. Mutator.Mutate(body[1..], random)] : body, random, [.. said]);
        }
    }

    // Counts that contradict each other, make no sense, or are none.
    private static byte[] WithOtherNumbers(byte[] body, Random random)
    {
        string[] numbers = ["0", "1", "7", "1000", "123456789", "9007199254740992", "9007199254740993", "9223372036854775807", "-5", "1.5",
            "1e3", "\"8\"", "null", "{}"];
        return Encoding.Latin1.GetBytes(Regex.Replace(Encoding.Latin1.GetString(body),
            "(?<=\":) ?[0-9]+", number => random.Next(2) == 0 ? number.Value : numbers[random.Next(numbers.Length)]));
    }

    // Where the body is encoded, what it says is said beside it.
    private static void Verify(byte[] body, Random random, byte[]? said = null)
    {
        long before = Environment.TickCount64;
        string whole = Facts(body, body.Length, null, said);
        string bytewise = Facts(body, 1, null);
        string cut = Facts(body, 1 + random.Next(1, 3000), random);
        (Environment.TickCount64 - before)
            .Should().BeLessThan((long)MaxTime.TotalMilliseconds, "this body was read: {0}", Convert.ToBase64String(body));

        (bytewise, cut).Should().Be((whole, whole), "this body was read: {0}", Convert.ToBase64String(body));
    }

    private static string Facts(byte[] body, int pieceLength, Random? lengths, byte[]? said = null)
    {
        var reader = new BodyReader(new ReaderSettings(Parsers, 16 * 1024), ApiFormat.Auto);
        for (int at = 0; at < body.Length;)
        {
            int length = Math.Min(lengths?.Next(1, pieceLength) ?? pieceLength, body.Length - at);
            reader.Read(body.AsSpan(at, length));
            at += length;
        }

        reader.Finish();
        reader.Release();
        UsageAccumulator state = reader.Events.State;
        if (lengths is null && pieceLength != 1)
        {
            VerifyCounts(said ?? body, state);
        }

        return string.Create(CultureInfo.InvariantCulture, $"""
            {reader.Events.Protocol} {reader.Events.Format} {reader.Events.EventCount} {reader.Events.SkippedEvents}
            {reader.Events.OutputCharacters} {reader.Events.HasOutput} {reader.Events.IgnoredCounts}
            {reader.Events.TakeReportedUsageJson()} {reader.Events.ParserFault?.GetType()}
            {state.Usage} {state.BilledUsage} {string.Join(';', state.Iterations)} {string.Join(';', state.ServerToolUse)}
            {string.Join(';', state.TokenDetails)} {state.ReportedCost}
            {state.ResponseId} {state.Model} {state.StopReason} {state.StopSequence} {state.ServiceTier} {state.Speed} {state.Error}
            {state.IsTerminal} {state.IsPending} {state.IsComplete} {state.IsOutputPlaceholder}
            """);
    }

    private static long[] Counts(TokenUsage u) =>
    [
        u.InputTokens, u.CacheReadInputTokens, u.CacheCreationInputTokens, u.CacheCreation5mInputTokens, u.CacheCreation1hInputTokens,
        u.OutputTokens,
        u.ReasoningTokens ?? 0, u.InputAudioTokens ?? 0, u.CacheReadAudioTokens ?? 0, u.OutputAudioTokens ?? 0, u.OutputImageTokens ?? 0,
    ];

    // Each count stands in the body, or is what the normalisation makes of counts that do.
    private static void VerifyCounts(byte[] body, in UsageAccumulator state)
    {
        string text = Encoding.Latin1.GetString(body);
        HashSet<long> numbers = [0, .. Regex.Matches(text, "[0-9]+")
            .Select(match => long.TryParse(match.Value, CultureInfo.InvariantCulture, out long number) ? number : 0)];
        numbers.UnionWith(Regex.Matches(text, "[0-9.]+[eE][+]?[0-9]{1,2}|[0-9]+[.]0+").Select(match =>
            double.TryParse(match.Value, CultureInfo.InvariantCulture, out double number) && number < 1L << 41 ? (long)number : 0));
        Counts(state.Usage).Should().OnlyContain(count => count >= 0, "this body was read: {0}", Convert.ToBase64String(body));
        ReportedTokens t = state.Tokens;
        long[] reported = [t.InputTokens ?? 0, t.ExtraInputTokens ?? 0, t.CacheReadTokens ?? 0, t.CacheCreationTokens ?? 0,
            state.Choices.IsFirstAlone ? t.OutputTokens ?? 0 : 0, t.ReasoningTokens ?? 0, t.TotalTokens ?? 0];
        reported.Should().BeSubsetOf(numbers, "this body was read as {0}: {1}", t, Convert.ToBase64String(body));
        foreach (TokenUsage u in state.Iterations.Select(iteration => iteration.Usage))
        {
            Counts(u).Should().OnlyContain(count => count >= 0, "this body was read: {0}", Convert.ToBase64String(body));
            long[] made =
            [
                numbers.Contains(u.InputTokens) || numbers.Contains(u.TotalInputTokens)
                    ? 0 : u.TotalInputTokens - (state.Tokens.ExtraInputTokens ?? 0),
                u.CacheReadInputTokens,
                numbers.Contains(u.CacheCreationInputTokens)
                    ? 0 : u.CacheCreationInputTokens - u.CacheCreation5mInputTokens - u.CacheCreation1hInputTokens,
                u.CacheCreation5mInputTokens,
                u.CacheCreation1hInputTokens,
                numbers.Contains(u.OutputTokens) ? 0 : u.OutputTokens - (u.ReasoningTokens ?? 0),
                .. Counts(u)[6..10],
                // Images and documents are one count.
                u.OutputImageTokens is { } images && !numbers.Any(one => numbers.Contains(images - one)) ? images : 0,
            ];
            made.Should().BeSubsetOf(numbers, "this body was read as {0}: {1}", u, Convert.ToBase64String(body));
        }

        state.TokenDetails.Where(detail => !detail.Key.EndsWith("_image_tokens", StringComparison.Ordinal))
            .Select(detail => detail.Value).All(numbers.Contains).Should().BeTrue();
        state.TokenDetails.Values.Should().NotContain(count => count < 0);
        state.ServerToolUse.Values.Should().NotContain(count => count < 0);
    }
}
