namespace StreamUsage.PassThrough;

/// <summary>A read by BeginRead that is under way: the inner stream's own, with the buffer that it fills.</summary>
internal sealed class TrackedRead(Memory<byte> buffer, AsyncCallback? callback) : IAsyncResult
{
    private IAsyncResult? _inner;

    public ReadOnlyMemory<byte> Buffer => buffer;

    /// <summary>Gets or sets the inner stream's own result.</summary>
    public IAsyncResult Inner { get => _inner!; set => _inner = value; }

    public object? AsyncState => Inner.AsyncState;

    public WaitHandle AsyncWaitHandle => Inner.AsyncWaitHandle;

    public bool CompletedSynchronously => Inner.CompletedSynchronously;

    public bool IsCompleted => Inner.IsCompleted;

    /// <summary>The inner stream's callback, which may come before its BeginRead returns.</summary>
    public void Complete(IAsyncResult inner)
    {
        _inner = inner;
        callback!(this);
    }
}
