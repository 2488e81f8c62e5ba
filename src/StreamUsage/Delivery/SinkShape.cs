namespace StreamUsage.Delivery;

/// <summary>What a sink makes something of: what it leaves to the interface's own methods need not be called.</summary>
/// <param name="TakesStarts">Whether it wants to be told of a response that begins.</param>
/// <param name="TakesBatches">Whether it writes many records at once.</param>
internal sealed record SinkShape(bool TakesStarts, bool TakesBatches)
{
    /// <summary>All of it is called: never wrong.</summary>
    public static SinkShape Unknown { get; } = new(true, true);

    public static SinkShape Of(IUsageSink sink)
    {
        // A decorator forwards to its target, unless it says otherwise.
        Func<UsageStart, CancellationToken, ValueTask> start = sink.StartedAsync;
        Func<IReadOnlyList<UsageRecord>, CancellationToken, ValueTask> batch = sink.RecordBatchAsync;
        SinkShape? target = sink is DelegatingUsageSink decorator ? Of(decorator.Target) : null;
        return new SinkShape(Takes(start, target?.TakesStarts), Takes(batch, target?.TakesBatches));
    }

    private static bool Takes(Delegate method, bool? targetTakes)
    {
        try
        {
            Type? declaring = method.Method.DeclaringType;
            return declaring == typeof(DelegatingUsageSink) && targetTakes is { } takes ? takes : declaring != typeof(IUsageSink);
        }
        catch (Exception)
        {
            return true; // A runtime that does not tell.
        }
    }
}
