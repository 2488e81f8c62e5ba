namespace StreamUsage.PassThrough;

/// <summary>Represents the stream that replaces a body's own. Each call makes the same call of the inner stream. The
/// tracked body reads the bytes in the caller's buffer before the call returns.</summary>
/// <param name="inner">The body's own stream.</param>
/// <param name="guard">The guard that the body's wrappers share.</param>
/// <param name="leaveOpen">Whether the inner stream stays open.</param>
/// <param name="position">The stream's position in the body, if the stream cannot tell.</param>
internal sealed class TrackedStream(Stream inner, BodyReadGuard guard, bool leaveOpen = false, long position = 0)
    : DelegatingStream(inner)
{
    private readonly long _origin = inner.CanSeek ? inner.Position : 0; // The stream's position at the body's start.
    private long _position = position;
    private int _waitingReads;
    private bool _isDisposed;

    public override long Position
    {
        get => Inner.Position;
        set
        {
            Inner.Position = value;
            _position = value - _origin;
        }
    }

    public override int Read(Span<byte> buffer)
    {
        int length;
        try
        {
            length = Inner.Read(buffer);
        }
        catch (Exception fault)
        {
            Fail(fault, CancellationToken.None);
            throw;
        }

        Receive(buffer, length);
        return length;
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        int length;
        try
        {
            length = Inner.Read(buffer, offset, count);
        }
        catch (Exception fault)
        {
            Fail(fault, CancellationToken.None);
            throw;
        }

        Receive(buffer.AsSpan(offset, count), length);
        return length;
    }

    public override int ReadByte()
    {
        int value;
        try
        {
            value = Inner.ReadByte();
        }
        catch (Exception fault)
        {
            Fail(fault, CancellationToken.None);
            throw;
        }

        byte read = (byte)value;
        Receive(new ReadOnlySpan<byte>(in read), value < 0 ? 0 : 1);
        return value;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        Task<int> read;
        try
        {
            read = Inner.ReadAsync(buffer, offset, count, cancellationToken);
        }
        catch (Exception fault)
        {
            Fail(fault, cancellationToken);
            throw;
        }

        if (!read.IsCompletedSuccessfully)
        {
            return AwaitReadAsync(new ValueTask<int>(read), buffer.AsMemory(offset, count), cancellationToken).AsTask();
        }

        Receive(buffer.AsSpan(offset, count), read.Result);
        return read;
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ValueTask<int> read;
        try
        {
            read = Inner.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception fault)
        {
            Fail(fault, cancellationToken);
            throw;
        }

        if (!read.IsCompletedSuccessfully)
        {
            return AwaitReadAsync(read, buffer, cancellationToken);
        }

        int length = read.Result;
        Receive(buffer.Span, length);
        return new ValueTask<int>(length);
    }

    public override IAsyncResult BeginRead(byte[] buffer, int offset, int count, AsyncCallback? callback, object? state)
    {
        if (buffer is null || (uint)offset > (uint)buffer.Length || (uint)count > (uint)(buffer.Length - offset))
        {
            return Inner.BeginRead(buffer!, offset, count, callback, state); // The inner stream throws.
        }

        var read = new TrackedReadResult(buffer.AsMemory(offset, count), callback);
        try
        {
            read.Inner = Inner.BeginRead(buffer, offset, count, callback is null ? null : read.Complete, state);
        }
        catch (Exception fault)
        {
            Fail(fault, CancellationToken.None);
            throw;
        }

        return read;
    }

    public override int EndRead(IAsyncResult asyncResult)
    {
        if (asyncResult is not TrackedReadResult read)
        {
            return Inner.EndRead(asyncResult);
        }

        int length;
        try
        {
            length = Inner.EndRead(read.Inner);
        }
        catch (Exception fault)
        {
            Fail(fault, CancellationToken.None);
            throw;
        }

        if (read.TryEnd())
        {
            Receive(read.Buffer.Span, length);
        }

        return length;
    }

    public override void CopyTo(Stream destination, int bufferSize)
    {
        if (destination is null || !destination.CanWrite)
        {
            Inner.CopyTo(destination!, bufferSize); // The inner stream throws.
            return;
        }

        var copy = new CopyObserver(destination, guard.Body, _position);
        try
        {
            Inner.CopyTo(copy, bufferSize);
        }
        catch (Exception fault)
        {
            Fail(copy, fault, CancellationToken.None);
            throw;
        }

        ReachEnd(copy);
    }

    public override Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken)
    {
        if (destination is null || !destination.CanWrite)
        {
            return Inner.CopyToAsync(destination!, bufferSize, cancellationToken);
        }

        var copy = new CopyObserver(destination, guard.Body, _position);
        Task copying;
        try
        {
            copying = Inner.CopyToAsync(copy, bufferSize, cancellationToken);
        }
        catch (Exception fault)
        {
            Fail(copy, fault, cancellationToken);
            throw;
        }

        return AwaitCopyAsync(copying, copy, cancellationToken);
    }

    public override long Seek(long offset, SeekOrigin origin)
    {
        long position = Inner.Seek(offset, origin);
        _position = position - _origin;
        return position;
    }

    // The body ends first: a dispose fails a pending read, and must not look like a broken body.
    public override async ValueTask DisposeAsync()
    {
        if (!guard.Leave() && !leaveOpen && !_isDisposed)
        {
            _isDisposed = true;
            await Inner.DisposeAsync().ConfigureAwait(false);
        }

        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !guard.Leave() && !leaveOpen && !_isDisposed)
        {
            _isDisposed = true;
            Inner.Dispose();
        }

        base.Dispose(disposing);
    }

    // Not pooled: AsTask gives the caller a task, which may be awaited twice as the inner stream's may.
    private async ValueTask<int> AwaitReadAsync(ValueTask<int> read, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int length;
        Interlocked.Increment(ref _waitingReads);
        try
        {
            length = await read.ConfigureAwait(false);
            Interlocked.Decrement(ref _waitingReads);
        }
        catch (Exception fault)
        {
            Interlocked.Decrement(ref _waitingReads);
            Fail(fault, cancellationToken);
            throw;
        }

        Receive(buffer.Span, length);
        return length;
    }

    private async Task AwaitCopyAsync(Task copying, CopyObserver copy, CancellationToken cancellationToken)
    {
        try
        {
            await copying.ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            Fail(copy, fault, cancellationToken);
            throw;
        }

        ReachEnd(copy);
    }

    // A concurrent read that the body refuses ends nothing.
    private void Fail(Exception fault, CancellationToken cancellationToken)
    {
        if (fault is not InvalidOperationException || fault is ObjectDisposedException || Volatile.Read(ref _waitingReads) == 0)
        {
            guard.Fail(fault, cancellationToken);
        }
    }

    private void Fail(CopyObserver copy, Exception fault, CancellationToken cancellationToken)
    {
        _position = copy.Offset;
        guard.FailCopy(copy.HasDestinationFailed, fault, cancellationToken);
    }

    private void ReachEnd(CopyObserver copy)
    {
        _position = copy.Offset;
        guard.ReachEnd();
    }

    // A read into an empty buffer only waits, so 0 bytes do not mean the end.
    private void Receive(ReadOnlySpan<byte> buffer, int length)
    {
        if (length > 0)
        {
            guard.Body.Receive(_position, buffer[..length]);
            _position += length;
        }
        else if (!buffer.IsEmpty)
        {
            guard.ReachEnd();
        }
    }
}
