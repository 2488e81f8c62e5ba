namespace StreamUsage.Delivery;

/// <summary>Calls the sink, each time on the thread pool and within a time limit, so that one that throws, blocks or hangs costs its own record and nothing else.</summary>
internal sealed class RecordDelivery(IUsageSink sink, TimeLimit limit)
{
    /// <summary>Tells the sink of a start. The returned fault is null where it took it.</summary>
    public Task<Exception?> StartAsync(UsageStart start) => CallAsync(token => sink.StartedAsync(start, token));

    /// <summary>Hands a record over. The returned fault is null where the sink took it.</summary>
    public Task<Exception?> DeliverAsync(UsageRecord record) => CallAsync(token => sink.RecordAsync(record, token));

    // A call that has not ended by its time limit is left alone: it may still end, and nobody waits for it.
    private async Task<Exception?> CallAsync(Func<CancellationToken, ValueTask> call)
    {
#pragma warning disable CA2000 // Not disposed: it has no timer, and a call that is left alone still holds its token.
        var cancellation = new CancellationTokenSource();
#pragma warning restore CA2000
        CancellationToken token = cancellation.Token;
        Task running = Task.Run(() => call(token).AsTask(), CancellationToken.None);
        try
        {
            await limit.WaitAsync(running).ConfigureAwait(false);
            return null;
        }
        catch (Exception fault)
        {
            if (!running.IsCompleted)
            {
                _ = cancellation.CancelAsync();
            }

            return fault;
        }
    }
}
