namespace StreamUsage.PassThrough;

/// <summary>Represents the <see cref="IAsyncResult"/> of a BeginRead: the inner stream's own, and the buffer.</summary>
internal sealed class TrackedReadResult(Memory<byte> buffer, AsyncCallback? callback) : IAsyncResult
{
    private IAsyncResult? _inner;
    private int _hasEnded;

    public ReadOnlyMemory<byte> Buffer => buffer;

    public IAsyncResult Inner { get => _inner!; set => _inner = value; }

    public object? AsyncState => Inner.AsyncState;

    public WaitHandle AsyncWaitHandle => Inner.AsyncWaitHandle;

    public bool CompletedSynchronously => Inner.CompletedSynchronously;

    public bool IsCompleted => Inner.IsCompleted;

    /// <summary>Returns whether this is the first call. Some streams return the length at each EndRead.</summary>
    public bool TryEnd() => Interlocked.Exchange(ref _hasEnded, 1) == 0;

    /// <summary>Handles the inner stream's callback, which may run before its BeginRead returns.</summary>
    public void Complete(IAsyncResult inner)
    {
        _inner = inner;
        callback!(this);
    }
}
