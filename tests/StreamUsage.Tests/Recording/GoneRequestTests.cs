using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Recording;

/// <summary>A caller may release its request body before the record is built.</summary>
public sealed class GoneRequestTests
{
    [Fact]
    public async Task A_start_that_is_priced_does_without_a_request_body_that_is_gone()
    {
        var sink = new RecordingSink();
        StreamUsageOptions options = Track.ByCharacters;
        options.Pricing = PriceTables.GenAi("""{"input_mtok":1,"output_mtok":1}""");
        await using var tracker = new UsageTracker(sink, options);
        var context = new UsageContext { Model = "m", RequestBody = new GoneMemory().Memory };

        await Track.ReadToEndAsync(tracker.Track(new ScriptedStream(Answers.Claude), context, out UsageTracking tracking));

        (await tracking.Completion).Outcome.Should().Be(StreamOutcome.Completed);
        sink.Starts.Should().ContainSingle();
    }
}
