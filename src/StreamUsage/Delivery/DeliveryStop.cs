namespace StreamUsage.Delivery;

/// <summary>Represents the stages of a shutdown for the delivery. Each record keeps the tokens it began with, so that a
/// record of a later response is not dropped with the earlier ones.</summary>
internal sealed class DeliveryStop
{
    private readonly CancellationTokenSource _stopping = new();
    private volatile CancellationTokenSource _abandoned = new(), _ended = new();

    /// <summary>Gets a token whose cancellation sends partial batches at once. It stays canceled.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Gets a token that is canceled when the time for delivering is over.</summary>
    public CancellationToken Abandoned => _abandoned.Token;

    /// <summary>Gets a token that is canceled when the time for callbacks is over too.</summary>
    public CancellationToken Ended => _ended.Token;

    public Task BeginAsync() => _stopping.CancelAsync();

    public Task AbandonAsync() => _abandoned.CancelAsync();

    public Task EndAsync() => _ended.CancelAsync();

    /// <summary>Renews the tokens for the records of responses that outlive the shutdown.</summary>
    public void Renew() => (_abandoned, _ended) = (new(), new());
}
