using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Parsing;

/// <summary>Events with several JSON values, from servers that leave out the blank line.</summary>
public sealed class SeveralValuesTests
{
    private const string Start = """{"type":"message_start","message":{"id":"m","model":"c","usage":"""
        + """{"input_tokens":10,"output_tokens":1}}}""";

    [Theory]
    [InlineData("""{"type":"ping"}""")]
    [InlineData("[DONE]")]
    public void A_mark_before_the_first_value_that_a_parser_knows_is_not_skipped(string mark)
    {
        ReadBody alone = ReadBody.OfEvents(mark, Start);
        ReadBody together = ReadBody.Of($"data: {mark}\ndata: {Start}\n\n");

        (alone.SkippedEvents, alone.Usage.InputTokens).Should().Be((0, 10));
        (together.SkippedEvents, together.Usage.InputTokens).Should().Be((0, 10));
    }

    [Fact]
    public void A_value_that_nobody_knows_is_a_skipped_event() =>
        ReadBody.Of($"data: {{\"a\":1}}\ndata: {Start}\n\n").SkippedEvents.Should().Be(1);
}
