using System.Net;

namespace StreamUsage.Benchmarks.Live;

/// <summary>What tracking adds to the client's CPU time: of streams that come as fast as they can, and of many that
/// come at a model's pace.</summary>
internal static class CpuCost
{
    private const int FlatEvents = 4_000, FlatStreams = 32, FlatAtOnce = 2;
    private const int PacedStreams = 200, SecondsOfPaced = 5, MostFastSeconds = 6, FastRounds = 4;

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100), FastPace = Pace / 10;

    /// <summary>Streams one after the other, two at a time, on connections that are there.</summary>
    public static async Task<LiveTable> MeasureFlatAsync(ProviderProcess provider, int seconds)
    {
        LiveReader[] lanes = CreateLanes();
        using HttpClient client = ProviderProcess.CreateClient();
        CpuRace[] races = CreateFlat(lanes);
        int rounds = Math.Clamp(seconds / 4, 3, 5);
        await WarmUpAsync(provider, client, races, lanes);
        foreach (CpuRace race in races)
        {
            await race.RunAsync(provider, client, rounds);
        }

        return await FinishAsync($"CPU time of the client, {FlatAtOnce} streams of {FlatEvents:N0} events at a time, each event flushed, "
            + $"as fast as they come ({rounds} rounds)", races, lanes);
    }

    /// <summary>All streams at once, each from its request to its record.</summary>
    public static async Task<LiveTable> MeasurePacedAsync(ProviderProcess provider, int seconds)
    {
        LiveReader[] lanes = CreateLanes();
        using HttpClient client = ProviderProcess.CreateClient();
        await WarmUpAsync(provider, client, CreateFlat(lanes), lanes);

        // Ten times as fast there are ten times as many events to tell a difference from chance, still one a read; but
        // they find the caches warm.
        double fastSeconds = Math.Min(seconds, MostFastSeconds) / (double)FastRounds;
        CpuRace fast = CreatePaced(FastPace, fastSeconds, lanes);
        await fast.RunAsync(provider, client, FastRounds);

        // Shorter streams where there is little time: not less than three rounds.
        int rounds = Math.Max(3, seconds / SecondsOfPaced);
        CpuRace paced = CreatePaced(Pace, seconds / (double)rounds, lanes);
        await paced.RunAsync(provider, client, rounds);
        return await FinishAsync(
            $"CPU time of the client, {PacedStreams} streams at once from request to record ({FastRounds} and {rounds} rounds); wanted: "
                + "tracked at most 1.05 of untracked",
            [fast, paced],
            lanes);
    }

    private static LiveReader[] CreateLanes() =>
        [new UntrackedReader(), new UntrackedReader("untracked again"), new TrackedReader(), new TeeReader()];

    private static CpuRace[] CreateFlat(LiveReader[] lanes) =>
    [
        .. new[] { HttpVersion.Version11, HttpVersion.Version20 }.SelectMany(version => new[] { "claude", "chat" }.Select(workload =>
            new CpuRace(new StreamBatch("flat out", new StreamAddress(workload, FlatEvents), version, FlatStreams, FlatAtOnce), lanes))),
    ];

    // HTTP/1.1, which an HttpClient uses unless it is told otherwise.
    private static CpuRace CreatePaced(TimeSpan pace, double seconds, LiveReader[] lanes)
    {
        int events = Math.Max(10, (int)(seconds / pace.TotalSeconds));
        var address = new StreamAddress("claude", events) { Pace = pace };
        return new CpuRace(new StreamBatch(
            $"{events} events, {1 / pace.TotalSeconds:F0} a second", address, HttpVersion.Version11, PacedStreams, PacedStreams),
            lanes);
    }

    private static Task WarmUpAsync(ProviderProcess provider, HttpClient client, CpuRace[] races, LiveReader[] lanes) =>
        WarmUp.RunAsync(async () =>
        {
            foreach (CpuRace race in races)
            {
                foreach (LiveReader lane in lanes)
                {
                    await (race.Batch with { Streams = FlatAtOnce }).RunAsync(provider, client, lane);
                }
            }
        });

    private static async Task<LiveTable> FinishAsync(string title, CpuRace[] races, LiveReader[] lanes)
    {
        foreach (LiveReader lane in lanes)
        {
            if (await lane.FinishAsync() is { } fault)
            {
                throw new WrongAnswerException($"{lane.Name}: {fault}");
            }
        }

        var table = new LiveTable(
            $"{title}: us an event untracked, the others as ratios to it; medians (quartiles)",
            ["streams", "events a read", "untracked us", .. lanes.Skip(1).Select(static lane => lane.Name)]);
        foreach (CpuRace race in races)
        {
            table.Add([race.Batch.Description, $"{race.EventsPerRead:F1}",
                race.Of(0).ToString(), .. lanes.Index().Skip(1).Select(lane => race.RatioOf(lane.Index).ToString())]);
        }

        return table;
    }
}
