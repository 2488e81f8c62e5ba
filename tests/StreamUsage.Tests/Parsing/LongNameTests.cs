using System.Text;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Parsing;

/// <summary>What a provider says in a word is kept up to a length: a name of any length in every event must not fill
/// the memory.</summary>
public sealed class LongNameTests
{
    private const int MaxName = 1024;
    private const int MaxMessage = 4096;

    private static readonly string Long = new('x', 20_000);

    [Theory]
    [InlineData("x", MaxName)]
    [InlineData("€", MaxName)]
    [InlineData("😀", MaxName)]
    [InlineData("x😀", MaxName)]
    [InlineData("ab😀", MaxName)]
    [InlineData("xx\\n", MaxName, "xx\n")]
    [InlineData("\\u00e4", MaxName, "ä")]
    [InlineData("\\ud83d\\ude00", MaxName, "😀")]
    [InlineData("x\\ud83d\\ude00", MaxName, "x😀")]
    public void A_name_is_cut_between_two_characters(string unit, int length, string? meaning = null)
    {
        for (int shift = 0; shift < 12; shift++)
        {
            string start = new('-', shift);
            string expected = start + string.Concat(Enumerable.Repeat(meaning ?? unit, 5000));
            int cut = char.IsHighSurrogate(expected[length - 1]) ? length - 1 : length;

            string? name = Utf8Json.GetName(Encoding.UTF8.GetBytes($"\"{start}{string.Concat(Enumerable.Repeat(unit, 5000))}\""));

            name!.Length.Should().BeInRange(cut - 2, cut, "an escape that the cut went through is left out");
            expected.Should().StartWith(name);
            char.IsHighSurrogate(name[^1]).Should().BeFalse();
        }
    }

    [Theory]
    [InlineData(1023)]
    [InlineData(1024)]
    public void A_name_that_is_no_longer_stays_whole(int length) =>
        Utf8Json.GetName(Encoding.UTF8.GetBytes($"\"{new string('x', length)}\"")).Should().HaveLength(length);

    [Fact]
    public void Half_a_surrogate_pair_is_replaced_and_the_rest_is_decoded() =>
        Utf8Json.GetName("\"a\\n\\ud83d\""u8).Should().Be("a\n\uFFFD");

    [Fact]
    public void Characters_count_and_not_bytes() =>
        Utf8Json.GetName(Encoding.UTF8.GetBytes($"\"{new string('€', 1024)}\"")).Should().Be(new string('€', 1024));

    [Theory]
    [InlineData("x")]
    [InlineData("€")]
    [InlineData("\\u00e4")]
    public void A_long_name_that_every_event_repeats_costs_nothing(string unit)
    {
        byte[] value = Encoding.UTF8.GetBytes($"\"{string.Concat(Enumerable.Repeat(unit, 20_000))}\"");
        string? name = Utf8Json.GetName(value);
        Utf8Json.GetName(value, name).Should().BeSameAs(name);

        // The least of some rounds: a collection may take a pool's array away, once.
        Enumerable.Range(0, 5).Min(_ => AllocatedBy100()).Should().Be(0);

        long AllocatedBy100()
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++)
            {
                Utf8Json.GetName(value, name);
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [Fact]
    public void Claude_is_cut()
    {
        UsageAccumulator state = ReadBody.OfEvents(
            $$$"""{"type":"message_start","message":{"id":"{{{Long}}}","model":"{{{Long}}}","usage":{"input_tokens":1"""
                + $$$""","service_tier":"{{{Long}}}","speed":"{{{Long}}}","inference_geo":"{{{Long}}}"} } }""",
            $$$"""{"type":"message_delta","delta":{"stop_reason":"{{{Long}}}","stop_sequence":"{{{Long}}}"},"usage":"""
                + $$$"""{"server_tool_use":{"{{{Long}}}":1,"short":2},"iterations":"""
                + $$$"""[{"type":"{{{Long}}}","model":"{{{Long}}}","output_tokens":7}]}}""",
            $$$"""{"type":"error","error":{"type":"{{{Long}}}","message":"{{{Long}}}"}}""").State;

        foreach (string? name in new[] { state.ResponseId, state.Model, state.ServiceTier, state.Speed, state.InferenceGeo,
            state.StopReason, state.StopSequence, state.Error!.Type })
        {
            name.Should().HaveLength(MaxName);
        }

        state.Error!.Message.Should().HaveLength(MaxMessage);
        state.ServerToolUse.Should().Equal(new Dictionary<string, long> { ["short"] = 2 });
        state.Iterations.Should().ContainSingle().Which
            .Should().Match<UsageIteration>(i => i.Type.Length == 128 && i.Model!.Length == 128 && i.Usage.OutputTokens == 7);
    }

    [Theory]
    [InlineData("""{"id":"NAME","object":"chat.completion.chunk","model":"NAME","service_tier":"NAME","choices":"""
        + """[{"index":0,"delta":{},"finish_reason":"NAME"}]}""")]
    [InlineData("""{"type":"response.completed","response":"""
        + """{"id":"NAME","object":"response","model":"NAME","service_tier":"NAME","status":"incomplete","incomplete_details":"""
        + """{"reason":"NAME"}}}""")]
    [InlineData("""{"responseId":"NAME","modelVersion":"NAME","candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"NAME"}]"""
        + ""","usageMetadata":{"promptTokenCount":1,"trafficType":"NAME"}}""")]
    public void Every_wire_is_cut(string data)
    {
        UsageAccumulator state = ReadBody.OfEvents(data.Replace("NAME", Long, StringComparison.Ordinal)).State;

        new[] { state.ResponseId, state.Model, state.StopReason, state.ServiceTier }.Should().OnlyContain(name => name!.Length == MaxName);
    }

    [Theory]
    [InlineData("""{"error":"NAME"}""")]
    [InlineData("""{"error":{"message":"NAME"}}""")]
    [InlineData("""{"type":"error","message":"NAME"}""")]
    public void A_message_is_cut(string body) =>
        ReadBody.Of(body.Replace("NAME", Long, StringComparison.Ordinal)).State.Error!.Message.Should().HaveLength(MaxMessage);
}
