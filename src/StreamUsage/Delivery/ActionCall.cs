namespace StreamUsage.Delivery;

/// <summary>A call without a token: a logger's, a meter's.</summary>
internal sealed class ActionCall(Action action) : GuardedCall
{
    protected override ValueTask InvokeAsync(CancellationToken cancellationToken)
    {
        action();
        return ValueTask.CompletedTask;
    }
}
