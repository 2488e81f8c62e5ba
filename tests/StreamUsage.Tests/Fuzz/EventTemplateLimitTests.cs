using System.Globalization;
using System.Text;
using StreamUsage.Buffers;
using StreamUsage.Framing;
using StreamUsage.Parsing;
using StreamUsage.Parsing.Gemini;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Fuzz;

/// <summary>What a template must not take for its output, and what it must not keep outside the memory
/// budget.</summary>
public sealed class EventTemplateLimitTests
{
    [Theory]
    [InlineData("""{"tool_calls":[{"index":0,"custom":{"input":"<b>"}}]}""")]
    [InlineData("""{"audio":{"transcript":"<b>"}}""")]
    public void Output_that_equals_what_another_slot_is_filled_with_is_not_taken_for_it(string delta)
    {
        const string Start = """{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":""";
        string chunk = Start + delta + """}],"obfuscation":"abcdef"}""";

        ReadBody read = ReadBody.OfEvents(Start + """{"content":"Hi"}}]}""", chunk, chunk, chunk);

        read.OutputCharacters.Should().Be("Hi".Length + (3 * "<b>".Length));
    }

    [Theory]
    [InlineData(5_000)]
    [InlineData(60_000)]
    public void A_large_event_that_a_read_cuts_counts_toward_the_memory_budget(int textLength)
    {
        var budget = new BufferBudget(1 << 20);
        var reader = new BodyReader(new ReaderSettings(new ParserSet([]), 1 << 20) { Budget = budget }, ApiFormat.Auto);
        string large = Chat(new string('x', textLength));
        Read(reader, Chat("abc") + Chat("abc") + Chat("abc"));
        budget.Taken.Should().Be(0);

        Read(reader, large[..^10]);

        budget.Taken.Should().BeGreaterThanOrEqualTo(textLength);
        Read(reader, large[^10..]);
        (reader.Events.EventCount, reader.Events.OutputCharacters).Should().Be((4L, 9L + textLength));
        reader.Release();
        budget.Taken.Should().Be(0);
    }

    [Fact]
    public void A_large_counting_event_is_parsed_at_once_instead_of_kept()
    {
        const int TextLength = 300_000;
        var parser = new CountingParser(new GeminiParser());
        var reader = new BodyReader(
            new ReaderSettings(new ParserSet([(new ApiFormat("COUNTED"), parser)]), 1 << 20), new ApiFormat("COUNTED"));
        Read(reader, string.Concat(Enumerable.Range(1, 10).Select(i => Gemini("abc", i))));

        Read(reader, Gemini(new string('x', TextLength), 11));

        parser.LastData!.Length.Should().BeGreaterThan(TextLength);
        int parsed = parser.Events;
        Read(reader, string.Concat(Enumerable.Range(12, 10).Select(i => Gemini("abc", i))));
        (EveryEvent.IsParsed || parser.Events == parsed).Should().BeTrue("the template is still valid");
        reader.Events.State.Usage.OutputTokens.Should().Be(21);
        (reader.Events.EventCount, reader.Events.OutputCharacters).Should().Be((21L, 60L + TextLength));
    }

    private static void Read(BodyReader reader, string text) => reader.Read(Encoding.UTF8.GetBytes(text));

    private static string Chat(string text) =>
        "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"model\":\"m\","
        + "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + text + "\"}}]}\n\n";

    private static string Gemini(string text, int count) =>
        "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"" + text + "\"}]}}],\"usageMetadata\":"
        + "{\"promptTokenCount\":12,\"candidatesTokenCount\":" + count.ToString(CultureInfo.InvariantCulture) + "}}\n\n";
}
