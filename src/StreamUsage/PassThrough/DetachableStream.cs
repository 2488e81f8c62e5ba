using StreamUsage.Recording;

namespace StreamUsage.PassThrough;

/// <summary>Represents a body's stream with draining on. Canceling a read of an HTTP/1.1 body kills its connection, so
/// the caller's token cancels only the caller's wait: see <see cref="UpstreamReads"/>. This costs one copy a read, and
/// a buffer during an asynchronous read.</summary>
/// <remarks>A seekable stream has no connection and is read directly.</remarks>
/// <param name="inner">The body's own stream.</param>
/// <param name="body">The tracked body.</param>
/// <param name="offset">The stream's position in the body, if the stream cannot tell.</param>
internal sealed class DetachableStream(Stream inner, TrackedBody body, long offset = 0) : DelegatingStream(inner), IDrainable
{
    private readonly UpstreamReads _reads = new(inner, body, offset);
    private readonly bool _isDirect = inner.CanSeek;
    private readonly long _origin = inner.CanSeek ? inner.Position : 0; // The stream's position at the body's start.
    private bool _isDisposed;

    public override bool CanRead => !_reads.IsDetached && Inner.CanRead;

    public override bool CanSeek => !_reads.IsDetached && Inner.CanSeek;

    public override bool CanWrite => !_reads.IsDetached && Inner.CanWrite;

    public override long Length => Seekable.Length;

    public override long Position
    {
        get => Seekable.Position;
        set
        {
            Seekable.Position = value;
            _reads.MoveTo(value - _origin);
        }
    }

    public bool IsReading => _reads.IsReading;

    // An unseekable stream throws its own exception.
    private Stream Seekable
    {
        get
        {
            ObjectDisposedException.ThrowIf(_reads.IsDetached && _isDirect, this);
            return Inner;
        }
    }

    public bool TryDetach(Func<bool> beginDrain) => _reads.TryDetach(beginDrain);

    public ValueTask<long?> DrainAsync(long maxBytes, CancellationToken cancellationToken) =>
        _reads.DrainAsync(maxBytes, cancellationToken);

    public void Abort() => _reads.Abort();

    public async ValueTask CloseAsync()
    {
        Abort();
        await Inner.DisposeAsync().ConfigureAwait(false);
        _reads.ReleaseBuffer();
    }

    public override int Read(Span<byte> buffer)
    {
        if (!_reads.TryBeginDirectRead())
        {
            return _reads.ReadLeftOver(buffer);
        }

        try
        {
            int length = Inner.Read(buffer);
            _reads.PassToBody(buffer[..length]);
            return length;
        }
        finally
        {
            _reads.EndDirectRead();
        }
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        if (!_reads.TryBeginDirectRead())
        {
            ValidateBufferArguments(buffer, offset, count);
            return _reads.ReadLeftOver(buffer.AsSpan(offset, count));
        }

        try
        {
            int length = Inner.Read(buffer, offset, count);
            _reads.PassToBody(buffer.AsSpan(offset, length));
            return length;
        }
        finally
        {
            _reads.EndDirectRead();
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        return ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_reads.IsDetached, this);
        if (_isDirect || cancellationToken.IsCancellationRequested)
        {
            // A token that was canceled before the call harms no connection: the inner stream reports it.
            return _reads.TryBeginDirectRead()
                ? ReadDirectly(buffer, cancellationToken)
                : ValueTask.FromCanceled<int>(cancellationToken);
        }

        return _reads.ReadAsync(buffer, cancellationToken);
    }

    public override IAsyncResult BeginRead(byte[] buffer, int offset, int count, AsyncCallback? callback, object? state) =>
        TaskToAsyncResult.Begin(ReadAsync(buffer, offset, count, CancellationToken.None), callback, state);

    public override int EndRead(IAsyncResult asyncResult) => TaskToAsyncResult.End<int>(asyncResult);

    public override long Seek(long offset, SeekOrigin origin)
    {
        long position = Seekable.Seek(offset, origin);
        _reads.MoveTo(position - _origin);
        return position;
    }

    public override async ValueTask DisposeAsync()
    {
        if (!_reads.IsDetached && !_isDisposed)
        {
            _isDisposed = true;
            Abort();
            await Inner.DisposeAsync().ConfigureAwait(false);
        }

        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_reads.IsDetached && !_isDisposed)
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
            _reads.EndDirectRead();
            throw;
        }

        return AwaitAsync();

        async ValueTask<int> AwaitAsync()
        {
            try
            {
                int length = await read.ConfigureAwait(false);
                _reads.PassToBody(buffer.Span[..length]);
                return length;
            }
            finally
            {
                _reads.EndDirectRead();
            }
        }
    }
}
