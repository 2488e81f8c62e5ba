namespace StreamUsage.PassThrough;

/// <summary>Represents a pending BeginRead: the inner stream's result and the buffer.</summary>
internal sealed class TrackedRead(Memory<byte> buffer, AsyncCallback? callback) : IAsyncResult
{
    private IAsyncResult? _inner;

    public ReadOnlyMemory<byte> Buffer => buffer;

    public IAsyncResult Inner { get => _inner!; set => _inner = value; }

    public object? AsyncState => Inner.AsyncState;

    public WaitHandle AsyncWaitHandle => Inner.AsyncWaitHandle;

    public bool CompletedSynchronously => Inner.CompletedSynchronously;

    public bool IsCompleted => Inner.IsCompleted;

    /// <summary>Handles the inner stream's callback, which may run before its BeginRead returns.</summary>
    public void Complete(IAsyncResult inner)
    {
        _inner = inner;
        callback!(this);
    }
}
