using System.Buffers;
using StreamUsage.Recording;

namespace StreamUsage.PassThrough;

/// <summary>Represents a body's stream with draining on. Cancelling a read of an HTTP/1.1 body kills its connection, so
/// the caller's token cancels only the caller's wait. The upstream read continues into a buffer here, and the next read
/// or the drainer takes its bytes. This costs one copy a read, and a buffer during an asynchronous read.</summary>
/// <remarks>A seekable stream has no connection and is read directly. The body gets the bytes under the lock that also
/// guards detaching, so none is lost.</remarks>
/// <param name="inner">The body's own stream.</param>
/// <param name="body">The tracked body.</param>
/// <param name="offset">The stream's position in the body, if the stream cannot tell.</param>
internal sealed class DetachableStream(Stream inner, TrackedBody body, long offset = 0) : DelegatingStream(inner), IDrainable
{
    private const int BufferSize = 16 * 1024;

    private readonly object _gate = new();
    private readonly bool _isDirect = inner.CanSeek;
    private readonly long _origin = inner.CanSeek ? inner.Position : 0;
    private long _offset = offset; // The body offset of the next unread byte.
    private byte[]? _buffer;
    private int _start, _end; // The unread part of the buffer.
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

    // An unseekable stream throws its own exception.
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

    /// <summary>Ends a pending read before the body is closed: closing an HTTP/1.1 response during a read would let two
    /// readers use its connection.</summary>
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
            // A token that was cancelled before the call harms no connection: the inner stream reports it.
            return TryBeginDirectRead() ? ReadDirectly(buffer, cancellationToken) : ValueTask.FromCanceled<int>(cancellationToken);
        }

        lock (_gate)
        {
            if (_start == _end)
            {
                _ = _pending ??= BeginUpstreamRead(buffer.Length); // A synchronous exception is thrown to this caller.
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

    // Concurrent reads take turns, so 0 always means the end of the body.
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

    // An abandoned read continues, and the next one takes it over, so only one is ever pending. This includes a read of
    // no bytes, which only waits. Returns true at the end of the body.
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
                    return false; // The bytes arrived as the reader left.
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
                // If the read succeeded although its wait was cancelled, the next read gets the bytes.
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
                    return false; // Another reader took it.
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

    // Returns false if an abandoned read is pending, or has left bytes.
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

    // A synchronous read blocks on the pending read, as it would on its own.
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

    // A pending read may still write into the buffer.
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
