using System.Diagnostics.CodeAnalysis;

namespace StreamUsage.Delivery;

/// <summary>The two steps of an end: no more records come, and what has not been handed over by now will not be.</summary>
[SuppressMessage("Reliability", "CA1001", Justification = "Neither source has a timer, and both are asked after the end.")]
internal sealed class DeliveryStop
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _abandoned = new();

    /// <summary>No more records come: what waits goes out without waiting for more.</summary>
    public CancellationToken Stopping => _stopping.Token;

    public bool IsStopping => _stopping.IsCancellationRequested;

    /// <summary>The time for delivering has passed.</summary>
    public CancellationToken Abandoned => _abandoned.Token;

    public bool IsAbandoned => _abandoned.IsCancellationRequested;

    public Task BeginAsync() => _stopping.CancelAsync();

    public Task AbandonAsync() => _abandoned.CancelAsync();
}
