using System.Buffers;
using StreamUsage.Recording;

namespace StreamUsage.PassThrough;

/// <summary>
/// A body's stream where draining is on. A cancelled read of an HTTP/1.1 body kills its connection, so that the
/// caller's token ends the caller's wait only: the upstream read goes on into a buffer of ours, and the next read, or
/// the drainer, takes what it brings. That costs one copy of each piece and a buffer while an asynchronous read is
/// pending. A stream that can seek has no connection, and is read directly. What the reader is given the body is told
/// first, under the lock that taking the stream needs too: nothing is lost between the two.
/// </summary>
/// <param name="inner">The body's own stream.</param>
/// <param name="body">The tracked body.</param>
/// <param name="offset">Where in the body the stream stands, if it cannot say so itself.</param>
internal sealed class DetachableStream(Stream inner, TrackedBody body, long offset = 0) : DelegatingStream(inner), IDrainable
{
    private const int BufferSize = 16 * 1024;

    private readonly object _gate = new();
    private readonly bool _isDirect = inner.CanSeek;
    private readonly long _origin = inner.CanSeek ? inner.Position : 0;
    private long _offset = offset; // Where in the body the next byte lies that nobody has been given yet.
    private byte[]? _buffer;
    private int _start, _end; // What the buffer holds that nobody has been given yet.
    private Task<int>? _pending;
    private CancellationTokenSource? _abort;
    private int _directReads;
    private bool _isWait, _isDisposed;
    private volatile bool _isDetached;

    public override bool CanRead => !_isDetached && Inner.CanRead;

    public override bool CanSeek => !_isDetached && Inner.CanSeek;

    public override bool CanWrite => !_isDetached && Inner.CanWrite;

    public override long Length => Seekable.Length;

    public override long Position
    {
        get => Seekable.Position;
        set
        {
            Seekable.Position = value;
            _offset = value - _origin;
        }
    }

    public bool IsReading
    {
        get
        {
            lock (_gate)
            {
                return _pending is { IsCompleted: false };
            }
        }
    }

    // One that cannot seek says so itself, drained or not.
    private Stream Seekable
    {
        get
        {
            ObjectDisposedException.ThrowIf(_isDetached && _isDirect, this);
            return Inner;
        }
    }

    public bool TryDetach(Func<bool> beginDrain)
    {
        lock (_gate)
        {
            if (_directReads != 0 || _isDetached || !beginDrain())
            {
                return false;
            }

            _isDetached = true;
            return true;
        }
    }

    public async ValueTask<long?> DrainAsync(long maxBytes, CancellationToken cancellationToken)
    {
        long end = _offset + maxBytes;
        while (_offset < end)
        {
            if (await FillAsync(BufferSize, cancellationToken).ConfigureAwait(false))
            {
                return _offset;
            }

            Give(_buffer.AsSpan(_start, _end - _start));
            _start = _end;
            if (body.IsTerminal)
            {
                return _offset;
            }
        }

        return null;
    }

    /// <summary>
    /// Ends a read that is still under way, before the body is closed: a connection whose response is closed during a
    /// read is read by two at once, and the next response on it may be taken for this one's rest.
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

    public async ValueTask CloseAsync()
    {
        Abort();
        await Inner.DisposeAsync().ConfigureAwait(false);
        lock (_gate)
        {
            ReturnBuffer();
        }
    }

    public override int Read(Span<byte> buffer)
    {
        if (!TryBeginDirectRead())
        {
            return ReadLeftOver(buffer);
        }

        try
        {
            int length = Inner.Read(buffer);
            Give(buffer[..length]);
            return length;
        }
        finally
        {
            EndDirectRead();
        }
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        if (!TryBeginDirectRead())
        {
            ValidateBufferArguments(buffer, offset, count);
            return ReadLeftOver(buffer.AsSpan(offset, count));
        }

        try
        {
            int length = Inner.Read(buffer, offset, count);
            Give(buffer.AsSpan(offset, length));
            return length;
        }
        finally
        {
            EndDirectRead();
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        return ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isDetached, this);
        if (_isDirect || cancellationToken.IsCancellationRequested)
        {
            // A read that was cancelled before harms no connection: the inner stream says how it is refused.
            return TryBeginDirectRead() ? ReadDirectly(buffer, cancellationToken) : ValueTask.FromCanceled<int>(cancellationToken);
        }

        lock (_gate)
        {
            if (_start == _end)
            {
                _ = _pending ??= BeginUpstreamRead(buffer.Length); // What it throws at the call is thrown at this one.
            }
        }

        return TakeAsync(buffer, cancellationToken);
    }

    public override IAsyncResult BeginRead(byte[] buffer, int offset, int count, AsyncCallback? callback, object? state) =>
        TaskToAsyncResult.Begin(ReadAsync(buffer, offset, count, CancellationToken.None), callback, state);

    public override int EndRead(IAsyncResult asyncResult) => TaskToAsyncResult.End<int>(asyncResult);

    public override long Seek(long offset, SeekOrigin origin)
    {
        long position = Seekable.Seek(offset, origin);
        _offset = position - _origin;
        return position;
    }

    public override async ValueTask DisposeAsync()
    {
        if (!_isDetached && !_isDisposed)
        {
            _isDisposed = true;
            Abort();
            await Inner.DisposeAsync().ConfigureAwait(false);
        }

        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isDetached && !_isDisposed)
        {
            _isDisposed = true;
            Abort();
            Inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private ValueTask<int> ReadDirectly(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        ValueTask<int> read;
        try
        {
            read = Inner.ReadAsync(buffer, cancellationToken);
        }
        catch
        {
            EndDirectRead();
            throw;
        }

        return AwaitAsync();

        async ValueTask<int> AwaitAsync()
        {
            try
            {
                int length = await read.ConfigureAwait(false);
                Give(buffer.Span[..length]);
                return length;
            }
            finally
            {
                EndDirectRead();
            }
        }
    }

    // Two reads at once take turns: 0 is the end, and never that the other one was faster.
    private async ValueTask<int> TakeAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await FillAsync(buffer.Length, cancellationToken).ConfigureAwait(false) || buffer.IsEmpty)
            {
                return 0;
            }

            if (Take(buffer.Span) is not 0 and var length)
            {
                return length;
            }
        }
    }

    // A read that was left by its caller goes on: the next one takes it up. So does one of no bytes, which only waits:
    // no two reads are under way at once. True at the end of the body; else there is something to take, or there was.
    private async ValueTask<bool> FillAsync(int length, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task<int> pending;
            bool isWait;
            lock (_gate)
            {
                if (_start != _end)
                {
                    return false; // What the reader was waiting for came in as it left.
                }

                pending = _pending ??= BeginUpstreamRead(length);
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
                if (!ReferenceEquals(_pending, pending))
                {
                    return false; // Another reader has taken it.
                }

                _pending = null;
                _start = 0;
                _end = isWait ? 0 : read;
            }

            if (!isWait || length == 0)
            {
                return !isWait && read == 0;
            }
        }
    }

    private Task<int> BeginUpstreamRead(int length)
    {
        _abort ??= new CancellationTokenSource();
        _isWait = length == 0;
        if (_isWait)
        {
            return Inner.ReadAsync(Memory<byte>.Empty, _abort.Token).AsTask();
        }

        _buffer ??= ArrayPool<byte>.Shared.Rent(BufferSize);
        return Inner.ReadAsync(_buffer.AsMemory(0, Math.Min(length, _buffer.Length)), _abort.Token).AsTask();
    }

    private void Give(ReadOnlySpan<byte> bytes)
    {
        body.Receive(_offset, bytes);
        _offset += bytes.Length;
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

    // False if a read that its caller has left is still under way, or has brought something.
    private bool TryBeginDirectRead()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDetached, this);
            if (_pending is not null || _start != _end)
            {
                return false;
            }

            _directReads++;
            return true;
        }
    }

    private void EndDirectRead()
    {
        lock (_gate)
        {
            _directReads--;
        }
    }

    // Asked for synchronously, so the thread waits, as it would in the read itself.
    private int ReadLeftOver(Span<byte> buffer)
    {
        while (true)
        {
            if (FillAsync(buffer.Length, CancellationToken.None).AsTask().GetAwaiter().GetResult() || buffer.IsEmpty)
            {
                return 0;
            }

            if (Take(buffer) is not 0 and var length)
            {
                return length;
            }
        }
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
