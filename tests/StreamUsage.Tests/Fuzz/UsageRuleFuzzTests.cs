using System.Globalization;
using System.Text;
using StreamUsage.Accounting;
using StreamUsage.Framing;
using StreamUsage.Parsing;
using StreamUsage.Parsing.Anthropic;
using StreamUsage.Parsing.Bedrock;
using StreamUsage.Parsing.Cohere;
using StreamUsage.Parsing.Gemini;
using StreamUsage.Parsing.Mistral;
using StreamUsage.Parsing.OpenAI;
using StreamUsage.Parsing.UsageObjects;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Fuzz;

/// <summary>
/// Usage objects of any of the known names, in any notation and order, in streams that count once, in every event, or
/// now and then. However they are read, the same comes of them: parsed, matched by templates, walked as events too
/// large to keep, cut anywhere, their fields in another order. How long it runs is set by the environment variable
/// STREAMUSAGE_FUZZ_SECONDS (else a fixed number of rounds).
/// </summary>
public sealed class UsageRuleFuzzTests
{
    private const int RoundsUnlessTimed = 1500;

    private static readonly ParserSet Parsers = new([]);

    private static readonly (UsageNames Names, string[] Frames)[] Protocols =
    [
        (OpenAIUsageNames.Chat,
        [
            """{"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"a{n}"},"finish_reason":null}]"""
                + ""","usage":{u}}""",
            """{"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"b{n}"}}]}""",
            """{"id":"c","object":"chat.completion.chunk","choices":[{"index":1,"delta":{"content":"c{n}"}}],"usage":{u}}""",
            """{"id":"c","object":"chat.completion.chunk","choices":[],"usage":{u}}""",
            """{"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop","usage":{u}}]}""",
            """{"id":"c","choices":[{"index":0,"delta":{}}],"x_groq":{"usage":{u}}}""",
        ]),
        (OpenAIUsageNames.Responses,
        [
            """{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"a{n}"}""",
            """{"type":"response.completed","response":{"id":"r","object":"response","status":"completed","usage":{u}}}""",
            """{"type":"response.done","response":{"id":"r","object":"response","status":"incomplete","usage":{u}}}""",
        ]),
        (ClaudeUsageNames.Message,
        [
            """{"type":"message_start","message":{"id":"m","content":[],"usage":{u}}}""",
            """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a{n}"}}""",
            """{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{u}}""",
            """{"type":"message_delta","delta":{"stop_reason":null,"usage":{u}}}""",
            """{"type":"message_stop"}""",
        ]),
        (GeminiUsageNames.Metadata,
        [
            """{"candidates":[{"index":0,"content":{"parts":[{"text":"a{n}"}]}}],"usageMetadata":{u}}""",
            """{"candidates":[{"index":0,"content":{"parts":[{"text":"b{n}"}]}}]}""",
            """{"candidates":[{"index":0,"content":{"parts":[]},"finishReason":"STOP"}],"usageMetadata":{u}}""",
        ]),
        (ConverseUsageNames.Usage,
        [
            """{"contentBlockDelta":{"delta":{"text":"a{n}"},"contentBlockIndex":0}}""",
            """{"messageStop":{"stopReason":"end_turn"}}""",
            """{"metrics":{"latencyMs":1},"usage":{u},"output":{"message":{"content":[{"text":"a"}]}}}""",
        ]),
        (InteractionUsageNames.Usage,
        [
            """{"event_type":"step.delta","index":0,"delta":{"type":"text","text":"a{n}"}}""",
            """{"event_type":"step.delta","index":0,"delta":{"type":"text","text":"b{n}"},"metadata":{"total_usage":{u}}}""",
            """{"event_type":"step.stop","index":0,"usage":{u},"step_usage":{"total_tokens":9}}""",
            """{"event_type":"interaction.completed","interaction":{"id":"","status":"completed","usage":{u}}}""",
        ]),
        (CohereUsageNames.Usage,
        [
            """{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"a{n}"}}}}""",
            """{"type":"message-end","delta":{"finish_reason":"COMPLETE","usage":{u}}}""",
        ]),
        (MistralUsageNames.Usage,
        [
            """{"type":"message.output.delta","output_index":0,"content":"a{n}"}""",
            """{"type":"conversation.response.done","usage":{u}}""",
        ]),
    ];

    [Fact]
    public void However_a_usage_is_read_the_same_comes_of_it()
    {
        int seconds = int.TryParse(Environment.GetEnvironmentVariable("STREAMUSAGE_FUZZ_SECONDS"),
            CultureInfo.InvariantCulture, out int given) ? given : 0;
        var random = new Random(seconds == 0 ? 5 : Environment.TickCount);
        long end = Environment.TickCount64 + (1000L * seconds);
        for (int round = 0; seconds == 0 ? round < RoundsUnlessTimed : Environment.TickCount64 < end; round++)
        {
            (UsageNames names, string[] frames) = Protocols[random.Next(Protocols.Length)];
            var fields = new List<(string Name, UsageName Field)>();
            Choose(names, random, fields);
            int seed = random.Next(), grows = random.Next(3);
            string[] events = [.. Enumerable.Range(0, random.Next(1, 25))
                .Select(n => Event(frames, names, fields, random, seed + (grows == 0 ? 0 : n), grows == 2 ? n : 0, n))];
            Verify(events, seed);
        }
    }

    [Fact]
    public void The_order_of_fields_does_not_matter()
    {
        var random = new Random(8);
        for (int round = 0; round < RoundsUnlessTimed; round++)
        {
            (UsageNames names, string[] frames) = Protocols[random.Next(Protocols.Length)];
            var fields = new List<(string Name, UsageName Field)>();
            Choose(names, random, fields);
            int seed = random.Next();
            string frame = frames.Last(frame => frame.Contains("{u}", StringComparison.Ordinal));

            string first = frame.Replace("{u}", Usage(fields, new Random(seed), 0, null), StringComparison.Ordinal),
                second = frame.Replace("{u}", Usage(fields, new Random(seed), 0, random), StringComparison.Ordinal);

            ReadBody.OfEvents(second).State.Tokens
                .Should().Be(ReadBody.OfEvents(first).State.Tokens, "{0} and {1} say the same", first, second);
        }
    }

    private static void Verify(string[] events, int seed)
    {
        byte[] body = Encoding.UTF8.GetBytes(ReadBody.Sse(events));
        string parsed = Facts(body, body.Length, 1 << 20, learns: false);
        string text = string.Join('\n', events);

        Facts(body, body.Length, 1 << 20, learns: true).Should().Be(parsed, "templates change nothing of\n{0}", text);
        Facts(body, 1, 1 << 20, learns: true).Should().Be(parsed, "nor do cuts of\n{0}", text);
        Facts(body, 1 + (seed % 90), 1 << 20, learns: true).Should().Be(parsed, "nor do larger ones of\n{0}", text);
        Facts(body, body.Length, 1, learns: false).Should().Be(parsed, "events too large to keep say the same:\n{0}", text);
        Facts(body, 1 + (seed % 90), 200, learns: true).Should().Be(parsed, "and so they do among others:\n{0}", text);
        Facts(
            Encoding.UTF8.GetBytes("data: " + string.Join("\ndata: ", events) + "\n"), body.Length, 1 << 20, learns: true, isOneEvent: true)
            .Should().Be(WithoutEvents(parsed), "and so do several in one event:\n{0}", text);
    }

    private static string Facts(byte[] body, int pieceLength, long maxEventBytes, bool learns, bool isOneEvent = false)
    {
        var reader = new BodyReader(
            new ReaderSettings(Parsers, maxEventBytes) { LearnsTemplates = learns, MaxRetainedTextBytes = 64 * 1024 }, ApiFormat.Auto);
        for (int at = 0; at < body.Length; at += pieceLength)
        {
            reader.Read(body.AsSpan(at, Math.Min(pieceLength, body.Length - at)));
        }

        reader.Finish();
        EventReader events = reader.Events;
        UsageAccumulator state = events.State;
        SettledUsage settled = events.Settled;
        settled.Usage.Should().Match<TokenUsage>(
            u => u.InputTokens >= 0 && u.CacheReadInputTokens >= 0 && u.CacheCreationInputTokens >= 0 && u.OutputTokens >= 0);
        string facts = string.Create(CultureInfo.InvariantCulture, $"""
            {events.EventCount} {events.SkippedEvents} {events.Protocol} {events.OutputCharacters} {events.UncountedCharacters}
            {events.TakeOutput().Parts.Sum(part => part.Text.Length)}
            {settled} {state.Tokens.LargestSum} {state.Tokens.Noted} {state.Choices}
            {state.StopReason} {state.IsTerminal} {state.ReportedCost}
            {string.Join(',', state.TokenDetails.Order())} {string.Join(',', events.UnknownUsageFields.Order())}
            """);
        reader.Release();
        return isOneEvent ? WithoutEvents(facts) : facts;
    }

    // Skipped are events: of one event's values that cannot be read there is one.
    private static string WithoutEvents(string facts) => facts.Split(' ', 3)[2];

    private static string Event(
        string[] frames, UsageNames names, List<(string Name, UsageName Field)> fields, Random random, int seed, int growth, int n)
    {
        if (random.Next(6) == 0)
        {
            fields.Clear();
            Choose(names, random, fields);
        }

        return frames[random.Next(4) == 0 ? random.Next(frames.Length) : 0]
            .Replace("{n}", n.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("{u}", Usage(fields, new Random(seed), growth, random.Next(8) == 0 ? random : null), StringComparison.Ordinal);
    }

    // Each name at most once, those within groups too.
    private static void Choose(UsageNames names, Random random, List<(string Name, UsageName Field)> fields)
    {
        foreach (UsageName name in names.All)
        {
            if (name.Field is UsageField.Count or UsageField.AnthropicCacheCount or UsageField.CountAndDetail or UsageField.Semantic
                && random.Next(name.Rank == 0 ? 2 : 8) == 0)
            {
                fields.Add((name.Name, name));
            }
            else if (name.Group is { } group && name.Field == UsageField.Group && random.Next(4) == 0)
            {
                fields.Add((name.Name, name));
                foreach (UsageName inner in group.All.Where(inner => inner.Field == UsageField.Count && random.Next(3) == 0))
                {
                    fields.Add((name.Name + "/" + inner.Name, inner));
                }
            }
        }

        if (random.Next(10) == 0)
        {
            fields.Add(("made_up_tokens", new UsageName("made_up_tokens", UsageField.Count)));
        }
    }

    private static string Usage(List<(string Name, UsageName Field)> fields, Random values, int growth, Random? order)
    {
        var said = fields
            .Select(field => (field.Name, Value: field.Field.Field == UsageField.Semantic ? "\"anthropic\"" : Number(values, growth)))
            .ToArray();
        string[] members = [.. said.Where(field => !field.Name.Contains('/')).Select(field => (field.Name,
            Value: fields.Single(f => f.Name == field.Name).Field.Field == UsageField.Group ? Inner(said, field.Name, order) : field.Value))
            .Select(field => $"\"{field.Name}\":{field.Value}")];
        order?.Shuffle(members);
        return "{" + string.Join(',', members) + "}";
    }

    private static string Inner((string Name, string Value)[] said, string group, Random? order)
    {
        string[] members = [.. said.Where(field => field.Name.StartsWith(group + "/", StringComparison.Ordinal))
            .Select(field => $"\"{field.Name[(group.Length + 1)..]}\":{field.Value}")];
        order?.Shuffle(members);
        return "{" + string.Join(',', members) + "}";
    }

    private static string Number(Random values, int growth)
    {
        int kind = values.Next(16);
        long count = values.Next(5) == 0 ? values.Next(3) : values.Next(1000);
        count = count == 0 ? 0 : count + growth;
        return kind switch
        {
            0 => $"{count}.0",
            1 => $"\"{count}\"",
            2 => "0",
            3 => "null",
            4 => values.Next(2) == 0 ? "-1" : "1.5",
            5 => $"{count}e1",
            _ => $"{count}",
        };
    }
}
