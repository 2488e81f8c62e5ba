namespace StreamUsage.Benchmarks.Streams;

/// <summary>A body whose beginning has come and whose next bytes do not.</summary>
internal sealed class IdleStream(byte[] body, int available) : Stream
{
    private readonly TaskCompletionSource<int> _never = new();
    private int _position;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_position == available)
        {
            return new ValueTask<int>(_never.Task);
        }

        int length = Math.Min(buffer.Length, available - _position);
        body.AsSpan(_position, length).CopyTo(buffer.Span);
        _position += length;
        return new ValueTask<int>(length);
    }

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
