using BenchmarkDotNet.Attributes;
using StreamUsage.Benchmarks.Contenders;
using StreamUsage.Benchmarks.Workloads;

namespace StreamUsage.Benchmarks;

/// <summary>The contenders of the quick command, a whole stream an operation; of ours the beginning and the hand-over
/// of the record are in it.</summary>
[MemoryDiagnoser]
public class StreamBenchmarks : IDisposable
{
    private Contender _contender = null!;
    private Workload _workload = null!;
    private ScriptedStream _body = null!;

    [ParamsSource(nameof(WorkloadNames))]
    public string WorkloadName { get; set; } = "";

    [ParamsSource(nameof(ReadSizes))]
    public string Reads { get; set; } = "";

    [ParamsSource(nameof(ContenderKeys))]
    public string ContenderKey { get; set; } = "";

    public static IEnumerable<string> WorkloadNames => Workload.All.Select(static workload => workload.Name);

    public static IEnumerable<string> ReadSizes => ReadSize.All.Select(static size => size.Name);

    public static IEnumerable<string> ContenderKeys => Contender.CreateAll().Select(static contender => contender.Key);

    [GlobalSetup]
    public void Begin()
    {
        _workload = Workload.All.Single(workload => workload.Name == WorkloadName);
        _contender = Contender.CreateAll().Single(contender => contender.Key == ContenderKey);
        _body = new ScriptedStream(_workload, ReadSize.All.Single(size => size.Name == Reads));
        if (!_contender.CanRead(_workload))
        {
            throw new NotSupportedException($"{ContenderKey} does not read {WorkloadName}.");
        }
    }

    [Benchmark(OperationsPerInvoke = Workload.StandardEvents)]
    public string? Read()
    {
        _body.Rewind();
        _contender.Open(_workload, _body);
        _contender.Read();
        return _contender.FindFault(_workload) is { } fault ? throw new WrongAnswerException(fault) : null;
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _contender.Dispose();
        GC.SuppressFinalize(this);
    }
}
