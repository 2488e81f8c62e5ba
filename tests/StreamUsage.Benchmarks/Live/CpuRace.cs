namespace StreamUsage.Benchmarks.Live;

/// <summary>The CPU time of this process, the client's, for the same streams in each lane: user and system, of all
/// threads, the garbage collector's too.</summary>
internal sealed class CpuRace(StreamBatch batch, IReadOnlyList<LiveReader> lanes)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(30);

    // Microseconds an event, by lane and round.
    private readonly List<double>[] _samples = [.. lanes.Select(static _ => new List<double>())];

    private long _events, _reads;

    public StreamBatch Batch => batch;

    /// <summary>How many events one read gave, of all lanes: where many come at once, a read costs each of them
    /// little.</summary>
    public double EventsPerRead => (double)_events / _reads;

    public Spread Of(int lane) => Spread.Of(_samples[lane]);

    /// <summary>To the first lane in the same round: what disturbs the machine disturbs both.</summary>
    public Spread RatioOf(int lane) => Spread.Of(_samples[lane].Zip(_samples[0], static (own, first) => own / first));

    /// <summary>One sample of each, in turn; every round begins with another.</summary>
    public async Task RunAsync(ProviderProcess provider, HttpClient client, int rounds)
    {
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < lanes.Count; i++)
            {
                int lane = (round + i) % lanes.Count;
                _samples[lane].Add(await SampleAsync(provider, client, lanes[lane]));
            }
        }
    }

    private async Task<double> SampleAsync(ProviderProcess provider, HttpClient client, LiveReader lane)
    {
        // What the lane before has left is not this one's: its garbage, and threads that look for work a while before
        // they sleep.
        GC.Collect();
        await Task.Delay(Pause);
        long reads = lane.Reads;
        TimeSpan before = Environment.CpuUsage.TotalTime;
        await batch.RunAsync(provider, client, lane);
        TimeSpan spent = Environment.CpuUsage.TotalTime - before;
        _reads += lane.Reads - reads;
        _events += batch.Events;
        return spent.TotalMicroseconds / batch.Events;
    }
}
