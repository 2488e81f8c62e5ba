using StreamUsage.Benchmarks.Contenders;
using StreamUsage.Benchmarks.Workloads;

namespace StreamUsage.Benchmarks;

/// <summary>Measures the contenders side by side in one workload at one read size.</summary>
internal sealed class Race(Workload workload, ReadSize readSize, IEnumerable<Contender> contenders)
{
    public Workload Workload => workload;

    public ReadSize ReadSize => readSize;

    public IReadOnlyList<Lane> Lanes { get; } = [.. contenders.Where(contender => contender.CanRead(workload))
        .Select(contender => new Lane(contender, workload, readSize))];

    public Lane? Find(string key) => Lanes.FirstOrDefault(lane => lane.Contender.Key == key);

    /// <summary>Takes one sample of each lane in turn. Every round begins with another lane.</summary>
    public void Run(int rounds)
    {
        foreach (Lane lane in Lanes)
        {
            lane.MeasureAllocation();
        }

        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < Lanes.Count; i++)
            {
                Lanes[(round + i) % Lanes.Count].Sample();
            }
        }
    }
}
