namespace StreamUsage.Tests.Support;

/// <summary>A sink whose calls do what the test says.</summary>
internal sealed class FaultySink(Func<CancellationToken, ValueTask>? started = null,
    Func<CancellationToken, ValueTask>? record = null) : IUsageSink
{
    public List<string> Calls { get; } = [];

    public ValueTask StartedAsync(UsageStart start, CancellationToken cancellationToken)
    {
        lock (Calls)
        {
            Calls.Add($"started {start.Id}");
        }

        return started?.Invoke(cancellationToken) ?? ValueTask.CompletedTask;
    }

    public ValueTask RecordAsync(UsageRecord usage, CancellationToken cancellationToken)
    {
        lock (Calls)
        {
            Calls.Add($"record {usage.Id}");
        }

        return record?.Invoke(cancellationToken) ?? ValueTask.CompletedTask;
    }
}
