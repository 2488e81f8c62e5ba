using System.Buffers;
using System.Runtime.CompilerServices;

namespace StreamUsage.PassThrough;

/// <summary>The stream that takes a body's own stream's place: each read is the inner stream's read, whose bytes are read where they lie before they are returned.</summary>
internal sealed class TrackedStream(Stream inner, AbandonmentGuard lease, bool leaveOpen = false) : Stream
{
    private const int CopyBufferSize = 16 * 1024;

    private readonly long _origin = inner.CanSeek ? inner.Position : 0; // The body begins where the stream stands.
    private long _position;
    private bool _isDisposed;

    public override bool CanRead => inner.CanRead;

    public override bool CanSeek => inner.CanSeek;

    public override bool CanWrite => inner.CanWrite;

    public override bool CanTimeout => inner.CanTimeout;

    public override long Length => inner.Length;

    public override long Position
    {
        get => inner.Position;
        set
        {
            inner.Position = value;
            _position = value - _origin;
        }
    }

    public override int ReadTimeout { get => inner.ReadTimeout; set => inner.ReadTimeout = value; }

    public override int WriteTimeout { get => inner.WriteTimeout; set => inner.WriteTimeout = value; }

    public override int Read(Span<byte> buffer)
    {
        int length;
        try
        {
            length = inner.Read(buffer);
        }
        catch (Exception fault)
        {
            lease.Fail(fault, CancellationToken.None);
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
            length = inner.Read(buffer, offset, count);
        }
        catch (Exception fault)
        {
            lease.Fail(fault, CancellationToken.None);
            throw;
        }

        Receive(buffer.AsSpan(offset, count), length);
        return length;
    }

    public override int ReadByte()
    {
        byte value = 0;
        return Read(new Span<byte>(ref value)) == 0 ? -1 : value;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        return ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ValueTask<int> read;
        try
        {
            read = inner.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception fault)
        {
            lease.Fail(fault, cancellationToken);
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

    public override IAsyncResult BeginRead(byte[] buffer, int offset, int count, AsyncCallback? callback, object? state) =>
        TaskToAsyncResult.Begin(ReadAsync(buffer, offset, count, CancellationToken.None), callback, state);

    public override int EndRead(IAsyncResult asyncResult) => TaskToAsyncResult.End<int>(asyncResult);

    public override void CopyTo(Stream destination, int bufferSize)
    {
        ValidateCopyToArguments(destination, bufferSize);
        if (inner is DetachableStream)
        {
            CopyReads(destination);
            return;
        }

        var copy = new CopyObserver(destination, lease.Body, _position);
        try
        {
            inner.CopyTo(copy, bufferSize);
        }
        catch (Exception fault)
        {
            copy.Fail(lease, fault, CancellationToken.None);
            throw;
        }

        lease.ReachEnd();
    }

    public override async Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken)
    {
        ValidateCopyToArguments(destination, bufferSize);
        if (inner is DetachableStream)
        {
            await CopyReadsAsync(destination, cancellationToken).ConfigureAwait(false);
            return;
        }

        var copy = new CopyObserver(destination, lease.Body, _position);
        try
        {
            await inner.CopyToAsync(copy, bufferSize, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            copy.Fail(lease, fault, cancellationToken);
            throw;
        }

        lease.ReachEnd();
    }

    public override long Seek(long offset, SeekOrigin origin)
    {
        long position = inner.Seek(offset, origin);
        _position = position - _origin;
        return position;
    }

    public override void SetLength(long value) => inner.SetLength(value);

    public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

    public override void Write(ReadOnlySpan<byte> buffer) => inner.Write(buffer);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => inner.WriteAsync(buffer, offset, count, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => inner.WriteAsync(buffer, cancellationToken);

    public override void Flush() => inner.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    // The record comes first: a read that is pending fails because of the dispose, not the other way round.
    public override async ValueTask DisposeAsync()
    {
        if (!lease.Leave() && !leaveOpen && !_isDisposed)
        {
            _isDisposed = true;
            await inner.DisposeAsync().ConfigureAwait(false);
        }

        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            if (!lease.Leave() && !leaveOpen && !_isDisposed)
            {
                _isDisposed = true;
                inner.Dispose();
            }
        }

        base.Dispose(disposing);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> AwaitReadAsync(ValueTask<int> read, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int length;
        try
        {
            length = await read.ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            lease.Fail(fault, cancellationToken);
            throw;
        }

        Receive(buffer.Span, length);
        return length;
    }

    // Where the body may be read on later, a copy is reads and writes, so that a destination that fails leaves the body whole.
    private async Task CopyReadsAsync(Stream destination, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(CopyBufferSize);
        try
        {
            for (int length; (length = await ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) != 0;)
            {
                await destination.WriteAsync(buffer.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
            }
        }
        catch
        {
            lease.Leave(); // A read that failed has said so before.
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void CopyReads(Stream destination)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(CopyBufferSize);
        try
        {
            for (int length; (length = Read(buffer, 0, buffer.Length)) != 0;)
            {
                destination.Write(buffer, 0, length);
            }
        }
        catch
        {
            lease.Leave();
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // A read into an empty buffer waits for bytes; that it returns none is no end.
    private void Receive(ReadOnlySpan<byte> buffer, int length)
    {
        if (length > 0)
        {
            lease.Body.Receive(_position, buffer[..length]);
            _position += length;
        }
        else if (!buffer.IsEmpty)
        {
            lease.ReachEnd();
        }
    }
}
