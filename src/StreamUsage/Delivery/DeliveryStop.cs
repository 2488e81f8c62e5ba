namespace StreamUsage.Delivery;

/// <summary>The stages of a shutdown, as the delivery of all sinks sees them.</summary>
internal sealed class DeliveryStop
{
    private readonly CancellationTokenSource _stopping = new();
    private volatile CancellationTokenSource _abandoned = new(), _ended = new();

    /// <summary>Cancelled once batches leave at once.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Cancelled once the time for delivering is over: what is left is reported. A record keeps the token of
    /// its hand-over.</summary>
    public CancellationToken Abandoned => _abandoned.Token;

    /// <summary>Cancelled once the time for reports to user code is over too.</summary>
    public CancellationToken Ended => _ended.Token;

    public Task BeginAsync() => _stopping.CancelAsync();

    public Task AbandonAsync() => _abandoned.CancelAsync();

    public Task EndAsync() => _ended.CancelAsync();

    /// <summary>Ends the shutdown. Records of responses that outlive it are delivered like any other.</summary>
    public void Reset() => (_abandoned, _ended) = (new(), new());
}
