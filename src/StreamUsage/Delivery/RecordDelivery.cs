namespace StreamUsage.Delivery;

/// <summary>Calls the sink, each time on the thread pool and within a time limit, so that one that throws, blocks or hangs costs its own record and nothing else.</summary>
internal sealed class RecordDelivery(IUsageSink sink, TimeSpan timeout, TimeProvider time)
{
    /// <summary>Tells the sink of a start. The returned fault is null where it took it.</summary>
    public Task<Exception?> StartAsync(UsageStart start) => CallAsync(token => sink.StartedAsync(start, token));

    /// <summary>Hands a record over. The returned fault is null where the sink took it.</summary>
    public Task<Exception?> DeliverAsync(UsageRecord record) => CallAsync(token => sink.RecordAsync(record, token));

    // A call that has not ended by its time limit is left alone: it may still end, and nobody waits for it.
    private async Task<Exception?> CallAsync(Func<CancellationToken, ValueTask> call)
    {
        try
        {
            using var limit = new CancellationTokenSource(timeout, time);
            CancellationToken token = limit.Token;
            await Task.Run(() => call(token).AsTask(), CancellationToken.None).WaitAsync(timeout, time, CancellationToken.None).ConfigureAwait(false);
            return null;
        }
        catch (Exception fault)
        {
            return fault;
        }
    }
}
