namespace StreamUsage.Recording;

/// <summary>Counts what is under way, and says when nothing is.</summary>
internal sealed class PendingCounter
{
    private readonly object _gate = new();
    private TaskCompletionSource? _whenNone;
    private int _count;

    public void Begin()
    {
        lock (_gate)
        {
            _count++;
        }
    }

    public void End()
    {
        TaskCompletionSource? whenNone = null;
        lock (_gate)
        {
            if (--_count == 0)
            {
                (whenNone, _whenNone) = (_whenNone, null);
            }
        }

        whenNone?.TrySetResult();
    }

    /// <summary>Completes when nothing is under way; at once where nothing is.</summary>
    public Task WhenNone()
    {
        lock (_gate)
        {
            return _count == 0 ? Task.CompletedTask : (_whenNone ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }
}
