namespace StreamUsage.Tests.Support;

/// <summary>
/// A body that does what it is told, read by read: text or bytes to give, an exception to throw, a task to wait for
/// first. At the end of the script it gives 0. A read gives no more than one step's bytes. Reads complete synchronously
/// unless there is something to wait for; a second read meanwhile is refused, as a connection's would be.
/// </summary>
internal sealed class ScriptedStream(params object[] script) : Stream
{
    private readonly Queue<object> _script = new(script);
    private ReadOnlyMemory<byte> _current;
    private volatile bool _isWaiting;

    public List<string> Calls { get; } = [];

    public int DisposeCount { get; private set; }

    public bool WasDisposedDuringRead { get; private set; }

    /// <summary>Completes when a read has begun to wait.</summary>
    public TaskCompletionSource IsWaiting { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count)
    {
        Calls.Add($"Read(byte[], {offset}, {count})");
        return Give(buffer.AsSpan(offset, count));
    }

    public override int Read(Span<byte> buffer)
    {
        Calls.Add($"Read(Span {buffer.Length})");
        return Give(buffer);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Calls.Add($"ReadAsync({buffer.Length})");
        if (_script.TryPeek(out object? step) && step is Task wait)
        {
            _script.Dequeue();
            return WaitAsync(wait, buffer, cancellationToken);
        }

        return new ValueTask<int>(Give(buffer.Span));
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        DisposeCount++;
        WasDisposedDuringRead |= _isWaiting;
        base.Dispose(disposing);
    }

    private async ValueTask<int> WaitAsync(Task wait, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        _isWaiting = true;
        // As a connection's read ends: within the canceling.
        using CancellationTokenRegistration ended = cancellationToken.Register(() => _isWaiting = false);
        IsWaiting.TrySetResult();
        try
        {
            await wait.WaitAsync(cancellationToken);
        }
        finally
        {
            _isWaiting = false;
        }

        return Give(buffer.Span);
    }

    private int Give(Span<byte> buffer)
    {
        if (_isWaiting)
        {
            throw new InvalidOperationException("Two reads at once.");
        }

        if (buffer.IsEmpty)
        {
            return 0;
        }

        if (_current.IsEmpty && _script.TryDequeue(out object? step))
        {
            _current = step switch
            {
                Exception fault => throw fault,
                string text => Answers.Bytes(text),
                _ => (byte[])step,
            };
        }

        int length = Math.Min(buffer.Length, _current.Length);
        _current.Span[..length].CopyTo(buffer);
        _current = _current[length..];
        return length;
    }
}
