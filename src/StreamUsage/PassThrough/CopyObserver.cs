using StreamUsage.Recording;

namespace StreamUsage.PassThrough;

/// <summary>Passes a copy's writes to its destination, reads the bytes first, and notes whether the destination
/// failed.</summary>
internal sealed class CopyObserver(Stream destination, TrackedBody body, long offset) : DelegatingStream(destination)
{
    private bool _hasDestinationFailed;

    public long Offset { get; private set; } = offset;

    /// <summary>Handles a failed copy. A destination that was cancelled with the copy counts as a cancelled
    /// read.</summary>
    public void Fail(AbandonmentGuard guard, Exception fault, CancellationToken cancellationToken)
    {
        if (_hasDestinationFailed && !(fault is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            guard.Leave();
        }
        else
        {
            guard.Fail(fault, cancellationToken);
        }
    }

    public override void Write(byte[] buffer, int offset, int count)
    {
        Receive(buffer.AsSpan(offset, count));
        try
        {
            Inner.Write(buffer, offset, count);
        }
        catch
        {
            _hasDestinationFailed = true;
            throw;
        }
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        Receive(buffer);
        try
        {
            Inner.Write(buffer);
        }
        catch
        {
            _hasDestinationFailed = true;
            throw;
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        Receive(buffer.AsSpan(offset, count));
        try
        {
            return ObserveAsync(Inner.WriteAsync(buffer, offset, count, cancellationToken));
        }
        catch
        {
            _hasDestinationFailed = true;
            throw;
        }
    }

    public override void WriteByte(byte value) => Write([value]);

    public override IAsyncResult BeginWrite(byte[] buffer, int offset, int count, AsyncCallback? callback, object? state)
    {
        Receive(buffer.AsSpan(offset, count));
        return base.BeginWrite(buffer, offset, count, callback, state);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Receive(buffer.Span);
        ValueTask write;
        try
        {
            write = Inner.WriteAsync(buffer, cancellationToken);
        }
        catch
        {
            _hasDestinationFailed = true;
            throw;
        }

        return write.IsCompletedSuccessfully ? write : new ValueTask(ObserveAsync(write.AsTask()));
    }

    public override void Flush()
    {
        try
        {
            Inner.Flush();
        }
        catch
        {
            _hasDestinationFailed = true;
            throw;
        }
    }

    public override Task FlushAsync(CancellationToken cancellationToken)
    {
        try
        {
            return ObserveAsync(Inner.FlushAsync(cancellationToken));
        }
        catch
        {
            _hasDestinationFailed = true;
            throw;
        }
    }

    private Task ObserveAsync(Task write)
    {
        return write.IsCompletedSuccessfully ? write : AwaitAsync();

        async Task AwaitAsync()
        {
            try
            {
                await write.ConfigureAwait(false);
            }
            catch
            {
                _hasDestinationFailed = true;
                throw;
            }
        }
    }

    private void Receive(ReadOnlySpan<byte> bytes)
    {
        body.Receive(Offset, bytes);
        Offset += bytes.Length;
    }
}
