using Microsoft.Extensions.Time.Testing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Recording;

/// <summary>A user's store of pending answers holds up nothing but the answers.</summary>
public sealed class SharedAnswerTests
{
    [Fact]
    public async Task A_store_that_blocks_its_thread_delays_no_other_record()
    {
        using var isOtherRecorded = new ManualResetEventSlim();
        bool wasOtherRecordedMeanwhile = false;
        StreamUsageOptions options = new StreamUsageOptions().SharePendingAnswers(
            (_, _, _) =>
            {
                wasOtherRecordedMeanwhile = isOtherRecorded.Wait(TimeSpan.FromMinutes(2), CancellationToken.None);
                return default;
            },
            (_, _) => default);
        var sink = new CallbackUsageSink((record, _) =>
        {
            if (record.Outcome != StreamOutcome.Pending)
            {
                isOtherRecorded.Set();
            }

            return default;
        });
        var tracker = new UsageTracker(sink, options, timeProvider: new FakeTimeProvider()); // No call reaches its time limit.
        Stream accepted = tracker.Track(new ScriptedStream(Answers.ResponsesQueued), Track.Nothing, out UsageTracking tracking);

        await Track.ReadToEndAsync(accepted);
        Streams.Finish(tracker);
        await tracker.FlushAsync(TestContext.Current.CancellationToken);

        wasOtherRecordedMeanwhile.Should().BeTrue();
        (await tracking.Completion).Outcome.Should().Be(StreamOutcome.Pending);
    }
}
