using Microsoft.Extensions.Time.Testing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.DependencyInjection;

/// <summary>A real host on Kestrel is stopped while streams are open that outlive its stop.</summary>
public sealed class HostStopTests
{
    private const int Streams = 200;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Server first, services stopped side by side, delivery in the background.</summary>
    public static TheoryData<bool, bool, bool> Setups()
    {
        var data = new TheoryData<bool, bool, bool>();
        for (int i = 0; i < 8; i++)
        {
            data.Add((i & 4) != 0, (i & 2) != 0, (i & 1) != 0);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Setups))]
    public async Task Every_stream_that_outlives_a_stop_is_recorded_and_delivered(
        bool serverFirst, bool stopsConcurrently, bool inBackground)
    {
        IReadOnlyCollection<UsageRecord> records = await StopAmidStreamsAsync(
            serverFirst, stopsConcurrently, inBackground, isInTime: true);

        records.Count(r => r.Outcome == StreamOutcome.Completed && r.Usage.OutputTokens == 15).Should().Be(Streams / 2);
        records.Count(r => r is { Outcome: StreamOutcome.Interrupted, ErrorType: "shutdown", OutputSource: TokenSource.Estimated })
            .Should().Be(Streams / 2);
    }

    [Theory]
    [MemberData(nameof(Setups))]
    public async Task A_host_that_runs_out_of_time_still_has_every_record_delivered(
        bool serverFirst, bool stopsConcurrently, bool inBackground)
    {
        IReadOnlyCollection<UsageRecord> records = await StopAmidStreamsAsync(
            serverFirst, stopsConcurrently, inBackground, isInTime: false);

        // Kestrel cuts what is open when its time is over: whether the tracker or the request ends it is a race.
        records.Should().OnlyContain(r => r.Outcome == StreamOutcome.Completed
            || r.Outcome == StreamOutcome.Interrupted || r.Outcome == StreamOutcome.ClientAborted);
        records.Count(r => r.Outcome == StreamOutcome.Completed).Should().Be(Streams / 2);
    }

    // Once the streams that end have ended, the grace period is over if the host is in time. Then the host's time is
    // over: until then, the server waits for the others.
    private static async Task<IReadOnlyCollection<UsageRecord>> StopAmidStreamsAsync(
        bool serverFirst, bool stopsConcurrently, bool inBackground, bool isInTime)
    {
        var time = new FakeTimeProvider();
        var setup = new StreamingHost.Setup
        {
            ServerFirst = serverFirst,
            StopsConcurrently = stopsConcurrently,
            InBackground = inBackground,
            HostTimeout = Patience,
            GracePeriod = TimeSpan.FromSeconds(2),
            Time = time,
        };
        var sink = new RecordingSink();
        using var timeIsOver = new CancellationTokenSource();
        await using (StreamingHost host = await StreamingHost.StartAsync(setup, sink))
        {
            await host.OpenAsync(Streams);
            Task stop = host.StopAsync(timeIsOver.Token);
            await WaitForAsync(() => host.Tracker.BodySettings.Records.Open.ToList().Count == Streams / 2);
            if (isInTime)
            {
                time.Advance(setup.GracePeriod);
                await WaitForAsync(() => sink.Records.Count == Streams);
            }

            await timeIsOver.CancelAsync();
            await stop.WaitAsync(Patience, TestContext.Current.CancellationToken);
        }

        sink.Records.Should().HaveCount(Streams).And.OnlyHaveUniqueItems(r => r.Id);
        return sink.Records;
    }

    private static async Task WaitForAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!condition())
        {
            await Task.Delay(20, limit.Token);
        }
    }
}
