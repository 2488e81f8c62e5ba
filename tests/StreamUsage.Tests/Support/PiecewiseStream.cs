namespace StreamUsage.Tests.Support;

/// <summary>A body that comes in pieces of a length, or (cut once) in two. Reads complete asynchronously every other
/// time.</summary>
internal sealed class PiecewiseStream(byte[] body, int pieceLength, bool cutOnce = false) : Stream
{
    private int _position;
    private bool _isNextAsynchronous;

    public bool IsDisposed { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(Span<byte> buffer)
    {
        int limit = cutOnce && _position != 0 ? body.Length : pieceLength;
        int length = Math.Min(Math.Min(buffer.Length, limit), body.Length - _position);
        body.AsSpan(_position, length).CopyTo(buffer);
        _position += length;
        return length;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _isNextAsynchronous = !_isNextAsynchronous;
        if (_isNextAsynchronous && pieceLength > 1)
        {
            await Task.Yield();
        }

        return Read(buffer.Span);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        IsDisposed = true;
        base.Dispose(disposing);
    }
}
