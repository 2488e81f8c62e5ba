using StreamUsage.Benchmarks.Workloads;

namespace StreamUsage.Benchmarks.Contenders;

/// <summary>Represents one way to read a body to its end, on the thread that calls it. <see cref="Open"/> and
/// <see cref="Read"/> are timed.</summary>
internal abstract class Contender : IDisposable
{
    /// <summary>What HttpContent copies with, so that an event of any usual size fits in.</summary>
    protected const int BufferSize = 81_920;

    /// <summary>As a command line names it.</summary>
    public abstract string Key { get; }

    public abstract string Name { get; }

    public static IReadOnlyList<Contender> CreateAll() => [new PlainCopy(), new NewlineScan(), new Framing(), new ByHand(),
        new ByJsonDocument(), new OpenAISdk(), new Ours(), new Ours(keepsMessage: true)];

    public virtual bool CanRead(Workload workload) => true;

    /// <summary>Begins a reading.</summary>
    public abstract void Open(Workload workload, ScriptedStream body);

    public abstract void Read();

    /// <summary>Waits for what the contender does after the end, which counts for what it allocates.</summary>
    public virtual void AwaitRecord()
    {
    }

    /// <summary>What is wrong with the answer of the last reading; null where nothing is. Outside what is
    /// measured.</summary>
    public abstract string? FindFault(Workload workload);

    public virtual void Dispose()
    {
    }

    protected static string? Compare<T>(string what, T expected, T found)
        where T : IEquatable<T> => expected.Equals(found) ? null : $"{what}: expected {expected}, found {found}";
}
