using StreamUsage.Benchmarks.Workloads;

namespace StreamUsage.Benchmarks.Live;

/// <summary>The read loop and nothing else: what every other reader pays as well. A second one beside the first says
/// how much of a ratio is chance.</summary>
internal sealed class UntrackedReader(string name = "untracked") : LiveReader
{
    public override string Name => name;

    public override Task ReadAsync(HttpResponseMessage response, Workload workload, CancellationToken cancellationToken) =>
        ReadBodyAsync(response, workload, null, cancellationToken);
}
