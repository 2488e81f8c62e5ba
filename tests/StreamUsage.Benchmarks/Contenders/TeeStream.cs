namespace StreamUsage.Benchmarks.Contenders;

/// <summary>Hands on what is read from a body and copies it to where its caller wanted it.</summary>
internal sealed class TeeStream(Stream inner, byte[] callersBuffer) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(Span<byte> buffer)
    {
        int length = inner.Read(buffer[..Math.Min(buffer.Length, callersBuffer.Length)]);
        buffer[..length].CopyTo(callersBuffer);
        return length;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
