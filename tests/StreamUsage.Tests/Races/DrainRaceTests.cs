using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Races;

/// <summary>A reader that leaves in several ways at once while its body is, or is about to be, read on: one record, and
/// the body let go of once.</summary>
public sealed class DrainRaceTests
{
    private const int Rounds = 2000;

    [Fact]
    public async Task Leaving_in_several_ways_at_once_makes_one_record()
    {
        var sink = new RecordingSink();
        await using var tracker = new UsageTracker(
            sink, new StreamUsageOptions { DrainAbortedStreams = new DrainLimits { MaxConcurrent = 100 } });
        byte[] buffer = new byte[1000];
        for (int round = 0; round < Rounds; round++)
        {
            var mayGoOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var body = new ScriptedStream(Answers.ClaudeStart, mayGoOn.Task, Answers.ClaudeText + Answers.ClaudeDelta + Answers.ClaudeStop);
            Stream tracked = tracker.Track(body, Track.Nothing, out UsageTracking tracking);
            await tracked.ReadAtLeastAsync(buffer, Answers.ClaudeStart.Length, cancellationToken: TestContext.Current.CancellationToken);
            using var stop = new CancellationTokenSource();
            Task read = tracked.ReadAsync(buffer, stop.Token).AsTask();

            await Task.WhenAll(Task.Run(stop.Cancel),
                Task.Run(mayGoOn.SetResult), Task.Run(tracked.Dispose), Task.Run(async () => await tracked.DisposeAsync()));
            await Task.WhenAny(read);

            UsageRecord record = await tracking.Completion;
            record.Usage.InputTokens.Should().Be(25);
            (record.Outcome is StreamOutcome.ClientAborted or StreamOutcome.Completed)
                .Should().BeTrue("the reader left at the end or before it");
            body.DisposeCount.Should().BeLessThanOrEqualTo(1);
            (record.Drained || record.Outcome == StreamOutcome.Completed)
                .Should().BeTrue("what the reader was given as it left is not missing from what is read on");
            record.Usage.OutputTokens.Should().Be(15);
        }

        sink.Records.Select(r => r.Id).Should().OnlyHaveUniqueItems().And.HaveCount(Rounds);
    }
}
