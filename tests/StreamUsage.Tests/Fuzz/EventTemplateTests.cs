using System.Globalization;
using StreamUsage.Accounting;
using StreamUsage.Framing;
using StreamUsage.Parsing;
using StreamUsage.Parsing.Gemini;
using StreamUsage.Parsing.OpenAI;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Fuzz;

/// <summary>
/// Templates are a guess: with them and without, the same bytes must give the same state. How long the random part runs
/// is set by the environment variable STREAMUSAGE_FUZZ_SECONDS (else a fixed number of rounds).
/// </summary>
public sealed class EventTemplateTests
{
    private const int RoundsUnlessTimed = 1500;

    private static readonly ParserSet Parsers = new([]);

    private static readonly string[] OwnStreams =
    [
        Repeat("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\","
            + "\"text\":\"a \\\"b\\\" \\u00e9 \\ud83d\\ude00 漢字 {0}\"}}\n\n", "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"),
        Repeat("data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":17{0},\"model\":\"m\","
            + "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"w{0} \"},\"finish_reason\":null}],\"obfuscation\":\"x{0}\"}\n\n",
            "data: [DONE]\n\n"),
        Repeat("data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"reasoning\":\"a{0}\",\"reasoning_content\":\"a{0}\"}}]}\n\n",
            "data: [DONE]\n\n"),
        Repeat("event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":{0},"
            + "\"item_id\":\"m{0}\",\"delta\":\"t{0}\",\"obfuscation\":\"\"}\n\n",
            "data: {\"type\":\"response.completed\",\"response\":{\"usage\":{\"input_tokens\":3,\"output_tokens\":4}}}\n\n"),
        Repeat("data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x{0}\"}}],\"usage\":{\"prompt_tokens\":5,"
            + "\"completion_tokens\":{0}}}\r\n\r\n", "data: [DONE]\r\n\r\n"),
        Repeat("data: {\"candidates\": [{\"content\": {\"parts\": [{\"text\": \"t{0}\"}],\"role\": \"model\"},\"index\": 0}],"
            + "\"usageMetadata\": {\"promptTokenCount\": 12,\"candidatesTokenCount\": {0},\"totalTokenCount\": 9{0},"
            + "\"promptTokensDetails\": [{\"modality\": \"TEXT\",\"tokenCount\": 12}],\"thoughtsTokenCount\": 70},"
            + "\"modelVersion\": \"gemini\",\"responseId\": \"r\"}\r\n\r\n", ""),
        Repeat("data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a{0}\"}]}}],\"usageMetadata\":{\"promptTokenCount\":12,"
            + "\"candidatesTokenCount\":{0},\"candidatesTokensDetails\":[{\"modality\":\"IMAGE\",\"tokenCount\":{0}}]}}\n\n"
            + "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a{0}\",\"thought\":true}]}}],\"usageMetadata\":"
            + "{\"promptTokenCount\":1{0},\"thoughtsTokenCount\":{0}}}\n\n", ""),
        Repeat("data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x{0}\"}}],\"usage\":{\"prompt_tokens\":5,"
            + "\"completion_tokens\":{0},\"prompt_tokens_details\":{\"cached_tokens\":{0}}}}\n\n"
            + "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x{0}\"}}],\"usage\":{\"prompt_tokens\":{0},"
            + "\"completion_tokens\":7{0}}}\n\n", "data: [DONE]\n\n"),
        Repeat("data:{\"id\":\"c\",\"choices\":[{\"delta\":{\"content\":\"\",\"reasoning\":\"r{0}\"},\"index\":1}]}\n\n"
            + "data:{\"id\":\"c\",\"model\":\"m{0}\",\"choices\":[{\"delta\":{\"content\":\"c\"},\"index\":0}]}\n\n", "data: [DONE]\n\n"),
        Repeat("data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x{0}\"}}]}\n\n"
            + "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"y{0}\"}}]}\n\n"
            + "{\n\"id\":\n{},\"choices\":[{\"delta\":{\"content\":\"z{0}\"}}]}\n{ {0}\n",
            "{\"error\":{\n\"code\":503}}\n\ndata: [DONE]\n\n"),
        Repeat("data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a{0}\"}]}}],\"usageMetadata\":{\"promptTokenCount\":12,"
            + "\"candidatesTokenCount\":{0}}}\n\n", "data: {\"usageMetadata\":{\"promptTokenCount\":12,\"candidatesTokenCount\":7}}"),
        Repeat("data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a{0}\"}]}}],\"usageMetadata\":{\"promptTokenCount\":12,"
            + "\"candidatesTokenCount\":{0}}}\n\n",
            "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"" + new string('x', 5_000) + "\"}]}}],"
            + "\"usageMetadata\":{\"promptTokenCount\":12,\"candidatesTokenCount\":300}}\n\n"
            + "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"y\"}]}}],"
            + "\"usageMetadata\":{\"promptTokenCount\":12,\"candidatesTokenCount\":301}}\n\n"),
    ];

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    [InlineData("\r")]
    public void Text_counts_once_however_lines_end_and_wherever_a_long_stream_is_cut(string lineEnd)
    {
        string chunk = """data: {"id":"chatcmpl-1","object":"chat.completion.chunk","model":"gpt-5","choices":"""
            + """[{"index":0,"delta":{"content":"Eight ch"}}]}""" + lineEnd + lineEnd;
        string body = string.Concat(Enumerable.Repeat(chunk, 1_000));

        foreach (int pieceLength in (int[])[1, 100, 1_000, 4_096, body.Length])
        {
            ReadBody read = ReadBody.Of(body, pieceLength: pieceLength);

            read.OutputCharacters.Should().Be(8_000, "in pieces of {0}", pieceLength);
            read.EventCount.Should().Be(1_000, "in pieces of {0}", pieceLength);
        }
    }

    [Fact]
    public void Templates_change_nothing_on_streams_cut_at_random()
    {
        var random = new Random(7);
        foreach (byte[] body in Bodies())
        {
            AssertSameWithAndWithoutTemplates(body, body.Length, random);
            AssertSameWithAndWithoutTemplates(body, 1, random);
            AssertSameWithAndWithoutTemplates(body, 100, random);
            AssertSameWithAndWithoutTemplates(body, 3000, random);
        }
    }

    [Fact]
    public void Templates_change_nothing_on_damaged_streams()
    {
        byte[][] bodies = [.. Bodies().Where(body => body.Length < 40_000)];
        int seconds = int.TryParse(Environment.GetEnvironmentVariable("STREAMUSAGE_FUZZ_SECONDS"),
            CultureInfo.InvariantCulture, out int given) ? given : 0;
        int seed = seconds == 0 ? 1 : Environment.TickCount;
        var random = new Random(seed);
        long end = Environment.TickCount64 + (1000L * seconds);
        for (int round = 0; seconds == 0 ? round < RoundsUnlessTimed : Environment.TickCount64 < end; round++)
        {
            byte[] body = Mutator.Mutate(bodies[random.Next(bodies.Length)], random);
            AssertSameWithAndWithoutTemplates(body, random.Next(4) switch { 0 => 1, 1 => body.Length + 1, 2 => 40, _ => 1400 }, random);
        }
    }

    [Theory]
    [InlineData(1, 201)]
    [InlineData(5, 200)] // With counts in every event.
    public void Events_of_a_template_are_not_parsed(int stream, int events)
    {
        Assert.SkipWhen(EveryEvent.IsParsed, "Every event is parsed.");
        var parser = new CountingParser(stream == 1 ? new OpenAIChatParser() : new GeminiParser());
        var reader = new BodyReader(
            new ReaderSettings(new ParserSet([(new ApiFormat("COUNTED"), parser)]), 1 << 20), new ApiFormat("COUNTED"));
        reader.Read(System.Text.Encoding.UTF8.GetBytes(OwnStreams[stream]));

        reader.Events.EventCount.Should().Be(events);
        parser.Events.Should().BeLessThan(20);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(40)]
    [InlineData(200)]
    public void Counts_of_events_that_were_not_parsed_are_there_when_they_are_asked_for(int cut)
    {
        var reader = new BodyReader(new ReaderSettings(Parsers, 1 << 20), ApiFormat.Auto);
        string[] events = OwnStreams[5].Split("\r\n\r\n", StringSplitOptions.RemoveEmptyEntries);
        for (int i = 0; i < events.Length; i++)
        {
            ReadOnlySpan<byte> bytes = System.Text.Encoding.UTF8.GetBytes(events[i] + "\r\n\r\n");
            int at = i < 20 ? bytes.Length : cut; // A template is learned of events that are whole.
            reader.Read(bytes[..at]);
            if (at < bytes.Length)
            {
                reader.Read(bytes[at..]);
            }

            if (i % 7 == 6)
            {
                reader.Events.State.Usage.OutputTokens.Should().Be(i + 70);
            }
        }

        reader.Release();
        reader.Events.State.Usage.OutputTokens.Should().Be(199 + 70);
        reader.Events.TakeReportedUsageJson().Text.Should().Contain("\"candidatesTokenCount\": 199,");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(19)]
    public void A_cut_event_is_read_on_after_another_stream_has_shown_that_its_beginning_changes(int more)
    {
        const string Event = "event: content_block_delta\n"
            + "data: {\"type\":\"content_block_delta\",\"index\":10,\"delta\":{\"type\":\"text_delta\",\"text\":\"abc\"}}\n\n";
        int cut = Event.IndexOf("10", StringComparison.Ordinal) + 1 + more; // In the number, behind it, and far behind it.
        BodyReader[] readers =
            [.. Enumerable.Range(0, 2).Select(_ => new BodyReader(new ReaderSettings(Parsers, 1 << 20), ApiFormat.Auto))];
        foreach (BodyReader reader in readers)
        {
            Read(reader, Answers.ClaudeStart + Event + Event + Event);
        }

        Read(readers[0], Event[..cut]);
        Read(readers[1], Event.Replace("10", "234", StringComparison.Ordinal));
        Read(readers[0], Event[cut..] + Event);

        readers[0].Events.OutputCharacters.Should().Be(5 * 3);
        readers[0].Events.ParserFault.Should().BeNull();

        static void Read(BodyReader reader, string text) => reader.Read(System.Text.Encoding.UTF8.GetBytes(text));
    }

    [Theory]
    [InlineData("event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":{0},"
        + "\"item_id\":\"m{1}\",\"delta\":\"t\"}\n\n")]
    [InlineData("data: {\"id\":\"c\",\"created\":17{1},\"choices\":[{\"index\":0,\"delta\":{\"content\":\"t\"}}]}\n\n")]
    [InlineData("event: response.output_text.delta\n"
        + "data: {\"type\":\"response.output_text.delta\","
        + "\"item_id\":\"m{1}_so_long_that_an_event_with_a_short_one_would_be_whole_where_this_is_cut_before_its_text\",\"delta\":\"t\","
        + "\"sequence_number\":{0}}\n\n")]
    public void An_event_that_only_begins_like_others_is_parsed_as_it_came_wherever_it_is_cut(string template)
    {
        string odd = template.Replace("{0}", "777", StringComparison.Ordinal)
            .Replace("{1}", "9", StringComparison.Ordinal).Replace("\"t\"", "5", StringComparison.Ordinal);
        string data = odd.Split("data: ")[1].TrimEnd();
        for (int cut = 1; cut < odd.Length; cut++)
        {
            var parser = new CountingParser(template[0] == 'e' ? new OpenAIResponsesParser() : new OpenAIChatParser());
            var reader = new BodyReader(
                new ReaderSettings(new ParserSet([(new ApiFormat("COUNTED"), parser)]), 1 << 20), new ApiFormat("COUNTED"));
            string before = string.Concat(Enumerable.Range(1, 30)
                .Select(i => template.Replace("{0}", $"{i}", StringComparison.Ordinal).Replace("{1}", "0", StringComparison.Ordinal)));
            foreach (string piece in (string[])[before + odd[..cut], odd[cut..]])
            {
                reader.Read(System.Text.Encoding.UTF8.GetBytes(piece));
            }

            reader.Events.EventCount.Should().Be(31);
            (EveryEvent.IsParsed || parser.Events < 15).Should().BeTrue("the others were matched");
            parser.LastData.Should().Be(data);
        }
    }

    [Fact]
    public void An_event_over_the_limit_is_one_wherever_it_is_cut()
    {
        const string Event = """data: {"id":"chatcmpl-1","object":"chat.completion.chunk","model":"gpt-5","choices":"""
            + """[{"index":0,"delta":{"content":"abc"}}]}""" + "\n\n";
        string large = Event.Replace("abc", new string('x', 950), StringComparison.Ordinal);
        var characters = new List<long>();
        for (int cut = 1; cut < large.Length; cut++)
        {
            var reader = new BodyReader(new ReaderSettings(Parsers, 1024), ApiFormat.Auto);
            foreach (string piece in (string[])[Event + Event + Event + large[..cut], large[cut..]])
            {
                reader.Read(System.Text.Encoding.UTF8.GetBytes(piece));
            }

            reader.Events.EventCount.Should().Be(4);
            characters.Add(reader.Events.OutputCharacters);
        }

        characters.Should().AllBeEquivalentTo(characters[^1], "the small copy of a large event holds less of its text");
        characters[0].Should().BeLessThan(950);
    }

    private static IEnumerable<byte[]> Bodies() =>
        OwnStreams.Select(System.Text.Encoding.UTF8.GetBytes)
            .Concat(ProtocolFixture.All.Select(fixture => fixture.Body))
            .Concat(
                RecordedStream.All("anthropic-messages", "openai-chat", "openai-responses", "gemini", "gemini-interactions", "cohere-chat")
                    .Select(stream => stream.Body));

    private static string Repeat(string line, string end) =>
        string.Concat(Enumerable.Range(0, 200)
            .Select(i => line.Replace("{0}", i.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal))) + end;

    private static void AssertSameWithAndWithoutTemplates(byte[] body, int maxPiece, Random random)
    {
        // Where a carriage return may be half of a line's end, an event may come one byte later.
        bool waitsForLineFeed = body.Contains((byte)'\r');
        var learning = new BodyReader(new ReaderSettings(Parsers, 16 * 1024), ApiFormat.Auto);
        var plain = new BodyReader(new ReaderSettings(Parsers, 16 * 1024) { LearnsTemplates = false }, ApiFormat.Auto);
        for (int at = 0; at < body.Length;)
        {
            int length = Math.Min(random.Next(1, maxPiece + 1), body.Length - at);
            learning.Read(body.AsSpan(at, length));
            plain.Read(body.AsSpan(at, length));
            at += length;
            if (!waitsForLineFeed && random.Next(20) == 0 && !Comparable(learning.Events.State).Equals(Comparable(plain.Events.State)))
            {
                Comparable(learning.Events.State)
                    .Should().Be(Comparable(plain.Events.State), "this body was read up to {1}: {0}", Convert.ToBase64String(body), at);
            }
        }

        learning.Finish();
        plain.Finish();
        Facts(learning).Should().Be(Facts(plain), "this body was read: {0}", Convert.ToBase64String(body));
        learning.Release();
        plain.Release();
    }

    private static (string?, long, long, long, bool, int, string?, string?, object) Facts(BodyReader reader) =>
        (reader.Events.Protocol, reader.Events.EventCount, reader.Events.SkippedEvents, reader.Events.OutputCharacters,
            reader.Events.HasOutput, reader.Events.IgnoredCounts, reader.Events.TakeReportedUsageJson().Text,
            reader.Events.ParserFault?.GetType().Name, Comparable(reader.Events.State));

    // Lists and dictionaries are equal by reference only: their contents stand for them.
    private static object Comparable(UsageAccumulator state) => (
        string.Join(',', state.Iterations),
        string.Join(',', state.ServerToolUse), string.Join(',', state.TokenDetails), string.Join(',', state.BilledUnits),
        state with
        {
            Iterations = [],
            ServerToolUse = UsageRecord.EmptyCounts,
            TokenDetails = UsageRecord.EmptyCounts,
            BilledUnits = UsageRecord.EmptyUnits,
        });
}
