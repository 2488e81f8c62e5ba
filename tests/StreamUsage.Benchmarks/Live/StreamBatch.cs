using System.Diagnostics;
using StreamUsage.Benchmarks.Workloads;
using StreamUsage.Delivery;

namespace StreamUsage.Benchmarks.Live;

/// <summary>Streams that are read together, the same in each lane.</summary>
/// <param name="Name">Of the situation.</param>
/// <param name="Address">What is asked for; a gate is given to each run anew.</param>
/// <param name="HttpVersion">1.1 or 2.0, both without TLS.</param>
/// <param name="Streams">In all.</param>
/// <param name="AtOnce">How many are open at once.</param>
internal sealed record StreamBatch(string Name, StreamAddress Address, Version HttpVersion, int Streams, int AtOnce)
{
    private static readonly TimeSpan SpareTime = TimeSpan.FromSeconds(30);

    private static int lastGate;

    /// <summary>Each waits half way until all have come so far.</summary>
    public bool IsHeldHalfWay { get; init; }

    public Workload Workload => LiveWorkloads.Get(Address.Workload, Address.Events);

    public long Events => (long)Streams * Address.Events;

    public string Description => $"{Name}, {Address.Workload}, HTTP/{HttpVersion}";

    /// <summary>Reads all of them. A wrong answer, or one that does not end, is the end of the run.</summary>
    public async Task<TimeSpan> RunAsync(ProviderProcess provider, HttpClient client, LiveReader reader)
    {
        StreamAddress address = IsHeldHalfWay
            ? Address with
            {
                Gate = $"half-way-{Interlocked.Increment(ref lastGate)}",
                EventsBeforeGate = Address.Events / 2,
                StreamsAtGate = Streams,
            }
            : Address;
        Workload workload = Workload;
        int read = 0;
        long start = Stopwatch.GetTimestamp();
        await TimeLimit.RunAsync(
            () => $"{Description}, {reader.Name} ({read:N0} of {Streams:N0} streams read)",
            SpareTime + (2 * Address.Events * Address.Pace),
            stop => Parallel.ForAsync(0,
                Streams, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stop }, async (_, cancellationToken) =>
                {
                    using HttpResponseMessage response = await provider.GetAsync(client, address, HttpVersion, cancellationToken);
                    await reader.ReadAsync(response, workload, cancellationToken);
                    Interlocked.Increment(ref read);
                }));
        return Stopwatch.GetElapsedTime(start);
    }
}
