using System.Collections.Concurrent;

namespace StreamUsage.Tests.Support;

/// <summary>A sink whose calls do what the test says.</summary>
internal sealed class FaultySink(Func<CancellationToken, ValueTask>? started = null,
    Func<CancellationToken, ValueTask>? record = null) : IUsageSink
{
    public ConcurrentQueue<string> Calls { get; } = new();

    public ValueTask StartedAsync(UsageStart start, CancellationToken cancellationToken)
    {
        Calls.Enqueue($"started {start.Id}");
        return started?.Invoke(cancellationToken) ?? ValueTask.CompletedTask;
    }

    public ValueTask RecordAsync(UsageRecord usage, CancellationToken cancellationToken)
    {
        Calls.Enqueue($"record {usage.Id}");
        return record?.Invoke(cancellationToken) ?? ValueTask.CompletedTask;
    }
}
