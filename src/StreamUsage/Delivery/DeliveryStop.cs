namespace StreamUsage.Delivery;

/// <summary>Represents the stages of a shutdown for the delivery.</summary>
internal sealed class DeliveryStop
{
    private readonly CancellationTokenSource _stopping = new();
    private volatile CancellationTokenSource _abandoned = new(), _ended = new();

    /// <summary>Gets a token that is cancelled when partial batches are sent at once.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Gets a token that is cancelled when the time for delivering is over. A record keeps the token it began
    /// with.</summary>
    public CancellationToken Abandoned => _abandoned.Token;

    /// <summary>Gets a token that is cancelled when the time for callbacks is over too.</summary>
    public CancellationToken Ended => _ended.Token;

    public Task BeginAsync() => _stopping.CancelAsync();

    public Task AbandonAsync() => _abandoned.CancelAsync();

    public Task EndAsync() => _ended.CancelAsync();

    /// <summary>Ends the shutdown. Records of responses that outlive it are delivered like any other.</summary>
    public void Reset() => (_abandoned, _ended) = (new(), new());
}
