using System.Diagnostics.CodeAnalysis;

namespace StreamUsage.Delivery;

/// <summary>The steps of an end: no more records come; what has not been handed over by now will not be; and nothing more is waited for.</summary>
[SuppressMessage("Reliability", "CA1001", Justification = "No source has a timer, and all are asked after the end.")]
internal sealed class DeliveryStop
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _abandoned = new();
    private readonly CancellationTokenSource _ending = new();

    /// <summary>No more records come: what waits goes out without waiting for more.</summary>
    public CancellationToken Stopping => _stopping.Token;

    public bool IsStopping => _stopping.IsCancellationRequested;

    /// <summary>The time for delivering has passed.</summary>
    public CancellationToken Abandoned => _abandoned.Token;

    public bool IsAbandoned => _abandoned.IsCancellationRequested;

    /// <summary>The time for the last resort has passed too.</summary>
    public CancellationToken Ending => _ending.Token;

    public Task BeginAsync() => _stopping.CancelAsync();

    public Task AbandonAsync() => _abandoned.CancelAsync();

    public Task EndAsync() => _ending.CancelAsync();
}
