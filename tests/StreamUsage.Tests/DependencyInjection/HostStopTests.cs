using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.DependencyInjection;

/// <summary>A real host on Kestrel is stopped while streams are open that outlive its stop.</summary>
public sealed class HostStopTests
{
    private const int Streams = 200;

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
        var setup =
            new StreamingHost.Setup { ServerFirst = serverFirst, StopsConcurrently = stopsConcurrently, InBackground = inBackground };

        IReadOnlyCollection<UsageRecord> records = await StopAmidStreamsAsync(
            setup with { HostTimeout = TimeSpan.FromSeconds(4), GracePeriod = TimeSpan.FromSeconds(2) });

        records.Count(r => r.Outcome == StreamOutcome.Completed && r.Usage.OutputTokens == 15).Should().Be(Streams / 2);
        records.Count(r => r is { Outcome: StreamOutcome.Interrupted, ErrorType: "shutdown", OutputSource: TokenSource.Estimated })
            .Should().Be(Streams / 2);
    }

    [Theory]
    [MemberData(nameof(Setups))]
    public async Task A_host_that_runs_out_of_time_still_has_every_record_delivered(
        bool serverFirst, bool stopsConcurrently, bool inBackground)
    {
        var setup =
            new StreamingHost.Setup { ServerFirst = serverFirst, StopsConcurrently = stopsConcurrently, InBackground = inBackground };

        IReadOnlyCollection<UsageRecord> records = await StopAmidStreamsAsync(
            setup with { HostTimeout = TimeSpan.FromSeconds(1), GracePeriod = TimeSpan.FromSeconds(30) });

        // Kestrel cuts what is open when its time is over: whether the tracker or the request ends it is a race.
        records.Should().OnlyContain(r => r.Outcome == StreamOutcome.Completed
            || r.Outcome == StreamOutcome.Interrupted || r.Outcome == StreamOutcome.ClientAborted);
        records.Count(r => r.Outcome == StreamOutcome.Completed).Should().Be(Streams / 2);
    }

    private static async Task<IReadOnlyCollection<UsageRecord>> StopAmidStreamsAsync(StreamingHost.Setup setup)
    {
        var sink = new RecordingSink();
        await using (StreamingHost host = await StreamingHost.StartAsync(setup, sink))
        {
            await host.OpenAsync(Streams);
            await FluentActions.Awaiting(host.StopAsync).Should().CompleteWithinAsync(TimeSpan.FromSeconds(30));
        }

        sink.Records.Should().HaveCount(Streams).And.OnlyHaveUniqueItems(r => r.Id);
        return sink.Records;
    }
}
