using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Recording;

/// <summary>Several sinks of one tracker: each gets every start, whatever the others do with it.</summary>
public sealed class StartsOfSeveralSinksTests
{
    [Fact]
    public async Task A_sink_without_starts_does_not_end_the_starts_of_another()
    {
        var sink = new RecordingSink();
        IUsageSink without = new CallbackUsageSink(static (_, _) => ValueTask.CompletedTask);
        await using var tracker = new UsageTracker(
            (IReadOnlyList<IUsageSink>)[without, sink, without], new StreamUsageOptions(), loggerFactory: null, timeProvider: null);

        for (int i = 0; i < 3; i++)
        {
            Stream body = tracker.Track(new PiecewiseStream(Answers.ClaudeBytes, 50), Track.Nothing, out UsageTracking tracking);
            await Track.ReadToEndAsync(body);
            await tracking.Completion;
        }

        sink.Starts.Should().HaveCount(3);
    }
}
