namespace StreamUsage.Benchmarks.Live;

/// <summary>Where streams wait half way: until so many have come, or until somebody opens it.</summary>
internal sealed class Gate
{
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _arrived;

    /// <param name="count">The arrival that opens the gate; 0 for none.</param>
    public Task ArriveAsync(int count, CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _arrived) == count)
        {
            Open();
        }

        return _open.Task.WaitAsync(cancellationToken);
    }

    public void Open() => _open.TrySetResult();
}
