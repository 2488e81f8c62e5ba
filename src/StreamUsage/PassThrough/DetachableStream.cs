using System.Buffers;

namespace StreamUsage.PassThrough;

/// <summary>
/// A body's stream where draining is on. A cancelled read of an HTTP/1.1 body kills its connection, so that the caller's token ends the caller's wait only: the upstream read goes on into a
/// buffer of our own, and what it brings is the drainer's. That costs one copy of each piece and a buffer while an asynchronous read is pending.
/// What the reader is given the body is told first, under the lock that taking the stream needs too: nothing is lost between the two.
/// </summary>
internal sealed class DetachableStream(Stream inner, TrackedBody body) : Stream, IDrainable
{
    private const int BufferSize = 16 * 1024;

    private readonly object _gate = new();
    private readonly long _origin = inner.CanSeek ? inner.Position : 0;
    private byte[]? _buffer;
    private int _start, _end; // What the buffer holds that nobody has been given yet.
    private Task<int>? _pending;
    private CancellationTokenSource? _abort;
    private bool _isWait, _isDetached, _isInSyncRead, _isDisposed;

    /// <summary>Where in the body the next byte lies that nobody has been given yet.</summary>
    public long Offset { get; private set; }

    public override bool CanRead => inner.CanRead;

    public override bool CanSeek => inner.CanSeek;

    public override bool CanWrite => inner.CanWrite;

    public override bool CanTimeout => inner.CanTimeout;

    public override long Length => inner.Length;

    public override long Position { get => inner.Position; set => Seek(value, SeekOrigin.Begin); }

    public override int ReadTimeout { get => inner.ReadTimeout; set => inner.ReadTimeout = value; }

    public override int WriteTimeout { get => inner.WriteTimeout; set => inner.WriteTimeout = value; }

    public bool TryDetach(Func<bool> beginDrain)
    {
        lock (_gate)
        {
            if (_isInSyncRead || _isDetached || !beginDrain())
            {
                return false;
            }

            _isDetached = true;
            return true;
        }
    }

    ValueTask<(DetachableStream Stream, long Offset)> IDrainable.OpenRestAsync(CancellationToken cancellationToken) => new((this, Offset));

    ValueTask IDrainable.CloseAsync() => ValueTask.CompletedTask;

    /// <summary>For the drainer: the next piece, beginning with what a cancelled read still brings; empty at the end. Valid until the next call.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ReadRestAsync(CancellationToken cancellationToken)
    {
        await FillAsync(BufferSize, cancellationToken).ConfigureAwait(false);

        ReadOnlyMemory<byte> piece = _buffer.AsMemory(_start, _end - _start);
        _start = _end;
        return piece;
    }

    /// <summary>
    /// Ends a read that is still under way, before the body is closed: a connection whose response is closed during a read is read by two at once, and the next response on it may be
    /// taken for this one's rest.
    /// </summary>
    public void Abort()
    {
        CancellationTokenSource? abort;
        lock (_gate)
        {
            abort = _pending is { IsCompleted: false } ? _abort : null;
        }

        abort?.Cancel();
    }

    /// <summary>For the drainer: the end.</summary>
    public async ValueTask CloseRestAsync()
    {
        Abort();
        await inner.DisposeAsync().ConfigureAwait(false);
        ReturnBuffer();
    }

    public override int Read(Span<byte> buffer)
    {
        if (!TryBeginSyncRead())
        {
            return ReadLeftOver(buffer);
        }

        try
        {
            int length = inner.Read(buffer);
            Give(buffer[..length]);
            return length;
        }
        finally
        {
            _isInSyncRead = false;
        }
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        if (!TryBeginSyncRead())
        {
            return ReadLeftOver(buffer.AsSpan(offset, count));
        }

        try
        {
            int length = inner.Read(buffer, offset, count);
            Give(buffer.AsSpan(offset, length));
            return length;
        }
        finally
        {
            _isInSyncRead = false;
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await FillAsync(buffer.Length, cancellationToken).ConfigureAwait(false);

        return Take(buffer.Span);
    }

    public override long Seek(long offset, SeekOrigin origin)
    {
        long position = inner.Seek(offset, origin);
        _start = _end;
        Offset = position - _origin;
        return position;
    }

    public override void SetLength(long value) => inner.SetLength(value);

    public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

    public override void Flush() => inner.Flush();

    public override async ValueTask DisposeAsync()
    {
        if (!_isDetached && !_isDisposed)
        {
            _isDisposed = true;
            Abort();
            await inner.DisposeAsync().ConfigureAwait(false);
        }

        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isDetached && !_isDisposed)
        {
            _isDisposed = true;
            Abort();
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    // A read that was left by its caller goes on: the next one takes it up. So does one of no bytes, which only waits: no two reads are under way at once.
    private async ValueTask FillAsync(int length, CancellationToken cancellationToken)
    {
        bool isWait;
        do
        {
            Task<int> pending;
            lock (_gate)
            {
                if (_start != _end)
                {
                    return; // What the reader was waiting for came in as it left.
                }

                pending = _pending ??= BeginRead(length);
                isWait = _isWait;
            }

            int read;
            try
            {
                read = await pending.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch when (pending.IsFaulted || pending.IsCanceled)
            {
                // A wait that was cancelled while its read succeeded leaves what it brought to the next one.
                lock (_gate)
                {
                    _pending = ReferenceEquals(_pending, pending) ? null : _pending;
                }

                throw;
            }

            lock (_gate)
            {
                if (ReferenceEquals(_pending, pending))
                {
                    _pending = null;
                    _start = 0;
                    _end = isWait ? 0 : read;
                }
            }
        }
        while (isWait && length != 0);
    }

    private Task<int> BeginRead(int length)
    {
        _abort ??= new CancellationTokenSource();
        _isWait = length == 0;
        if (_isWait)
        {
            return inner.ReadAsync(Memory<byte>.Empty, _abort.Token).AsTask();
        }

        _buffer ??= ArrayPool<byte>.Shared.Rent(BufferSize);
        return inner.ReadAsync(_buffer.AsMemory(0, Math.Min(length, _buffer.Length)), _abort.Token).AsTask();
    }

    private void Give(ReadOnlySpan<byte> bytes)
    {
        body.Receive(Offset, bytes);
        Offset += bytes.Length;
    }

    private int Take(Span<byte> buffer)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDetached, this);
            int length = Math.Min(buffer.Length, _end - _start);
            _buffer.AsSpan(_start, length).CopyTo(buffer);
            Give(buffer[..length]);
            _start += length;
            if (_start == _end)
            {
                ReturnBuffer();
            }

            return length;
        }
    }

    // False where a read that its caller has left is still under way, or has brought something.
    private bool TryBeginSyncRead()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDetached, this);
            return _isInSyncRead = _pending is null && _start == _end;
        }
    }

    // Asked for synchronously, so the thread waits, as it would in the read itself.
    private int ReadLeftOver(Span<byte> buffer)
    {
        FillAsync(buffer.Length, CancellationToken.None).AsTask().GetAwaiter().GetResult();
        return Take(buffer);
    }

    // Not while a read may still write into it.
    private void ReturnBuffer()
    {
        if (_pending is null && _buffer is { } buffer)
        {
            _buffer = null;
            _start = _end = 0;
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
