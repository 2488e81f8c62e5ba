namespace StreamUsage.PassThrough;

/// <summary>Stands before the destination of a copy: reads the bytes when they come, before a destination may take its time, passes on each write as it is, and remembers whether it was the destination that failed.</summary>
internal sealed class CopyObserver(Stream destination, TrackedBody body, long offset) : Stream
{
    private bool _hasDestinationFailed;
    private long _offset = offset;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>The copy has thrown: whose fault was it?</summary>
    public void Fail(AbandonmentGuard lease, Exception fault, CancellationToken cancellationToken)
    {
        if (_hasDestinationFailed)
        {
            lease.Leave();
        }
        else
        {
            lease.Fail(fault, cancellationToken);
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        Receive(buffer);
        try
        {
            destination.Write(buffer);
        }
        catch
        {
            _hasDestinationFailed = true;
            throw;
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Receive(buffer.Span);
        try
        {
            await destination.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            _hasDestinationFailed = true;
            throw;
        }
    }

    public override void Flush()
    {
        try
        {
            destination.Flush();
        }
        catch
        {
            _hasDestinationFailed = true;
            throw;
        }
    }

    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        try
        {
            await destination.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            _hasDestinationFailed = true;
            throw;
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private void Receive(ReadOnlySpan<byte> bytes)
    {
        body.Receive(_offset, bytes);
        _offset += bytes.Length;
    }
}
