using System.Collections.Concurrent;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Load;

/// <summary>Many responses end at once.</summary>
[Collection(AloneCollection.Name)]
public sealed class BurstTests
{
    private const int Responses = 60_000;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_burst_into_a_healthy_sink_is_delivered_in_full(bool inBackground)
    {
        var ids = new ConcurrentDictionary<Guid, int>();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var sink = new CallbackUsageSink(async (record, _) =>
        {
            await gate.Task;
            ids.AddOrUpdate(record.Id, 1, static (_, times) => times + 1);
        });
        var log = new RecordingLog();
        var tracker = new UsageTracker(sink, new StreamUsageOptions
        {
            SinkTimeout = TimeSpan.FromMinutes(10), // The sink is closed for as long as the burst takes.
            Background = inBackground ? new BackgroundDeliveryOptions { FullQueueTimeout = TimeSpan.FromMinutes(10) } : null,
        }, log);
        Stream[] open = [.. Enumerable.Range(0, Responses)
            .Select(_ => tracker.Track(new ScriptedStream(Answers.ClaudeStart), Track.Nothing, out UsageTracking _))];

        Parallel.ForEach(open, static stream => stream.Dispose());
        SpinWait.SpinUntil(() => tracker.GetSinkStatus()[0].QueueLength == Responses, TimeSpan.FromMinutes(2))
            .Should().BeTrue("more wait than the queue holds");
        gate.SetResult();
        await tracker.FlushAsync(TestContext.Current.CancellationToken);

        ids.Should().HaveCount(Responses);
        ids.Values.Should().OnlyContain(times => times == 1);
        log.Lines.Should().NotContain(line => line.EventId == 3, "no record was dropped");
        await tracker.DisposeAsync();
    }
}
