using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Parsing;

/// <summary>Events with several JSON values, from servers that leave out the blank line.</summary>
public sealed class SeveralValuesTests
{
    private const string Start = """{"type":"message_start","message":{"id":"m","model":"c","usage":"""
        + """{"input_tokens":10,"output_tokens":1}}}""";

    [Fact]
    public void A_ping_before_the_first_value_that_a_parser_knows_is_not_skipped()
    {
        ReadBody read = ReadBody.Of("data: {\"type\":\"ping\"}\n" + $"data: {Start}\n\n");

        (read.SkippedEvents, read.Usage.InputTokens).Should().Be((0, 10));
    }

    [Fact]
    public void A_value_that_nobody_knows_is_a_skipped_event() =>
        ReadBody.Of($"data: {{\"a\":1}}\ndata: {Start}\n\n").SkippedEvents.Should().Be(1);
}
