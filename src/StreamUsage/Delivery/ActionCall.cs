namespace StreamUsage.Delivery;

/// <summary>A call without a token: a logger's.</summary>
internal sealed class ActionCall(Action action, CallThreads threads) : GuardedCall(threads)
{
    protected override bool IsMadeLate => true; // A line that comes late is a line.

    protected override ValueTask InvokeAsync(CancellationToken cancellationToken)
    {
        action();
        return ValueTask.CompletedTask;
    }
}
