using System.Globalization;
using System.Text;

namespace StreamUsage.Tests.Bounds;

/// <summary>A body of server-sent events that are made as they are read; <c>#</c> in their data is each one's
/// number.</summary>
internal sealed class NumberedEvents(string data, int count) : Stream
{
    private byte[] _event = [];
    private int _at, _next;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        int filled = 0;
        while (filled < buffer.Length && (_at < _event.Length || _next < count))
        {
            if (_at == _event.Length)
            {
                _event = Encoding.UTF8
                    .GetBytes($"data: {data.Replace("#", (_next++).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)}\n\n");
                _at = 0;
            }

            int length = Math.Min(buffer.Length - filled, _event.Length - _at);
            _event.AsSpan(_at, length).CopyTo(buffer[filled..]);
            filled += length;
            _at += length;
        }

        return filled;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
