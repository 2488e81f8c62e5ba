using System.Buffers;
using System.IO.Compression;

namespace StreamUsage.Framing.Encodings;

/// <summary>Decodes <c>gzip</c> (RFC 1952) and <c>deflate</c>. By RFC 9110, <c>deflate</c> means zlib (RFC 1950), but
/// some servers send bare deflate (RFC 1951); the first two bytes distinguish them. The framework has only streams for
/// these, so a stream is fed with bytes, and read again when there are more.</summary>
internal sealed class DeflateContentDecoder(bool isGzip) : IContentDecoder
{
    private const int ChecksumLength = 4;

    private readonly Feed _feed = new();
    private Stream? _stream;
    private int _firstByte = -1;

    public OperationStatus Decode(ReadOnlySpan<byte> source, Span<byte> destination, out int bytesConsumed, out int bytesWritten)
    {
        bytesConsumed = bytesWritten = 0;
        if (_stream is null && !TryOpen(source, out bytesConsumed))
        {
            return OperationStatus.NeedMoreData;
        }

        do
        {
            bytesConsumed += _feed.Fill(source[bytesConsumed..BeforeChecksum(bytesConsumed, source.Length)]);
            bytesWritten = _stream!.Read(destination);
            if (bytesWritten != 0)
            {
                return OperationStatus.DestinationTooSmall;
            }

            _feed.Clear(); // Nothing is left in it, except bytes after the encoding's end, which are ignored.
        }
        while (bytesConsumed < source.Length);

        return OperationStatus.NeedMoreData;
    }

    public void Dispose()
    {
        _stream?.Dispose();
        _feed.Dispose();
    }

    // If the checksum is wrong, the framework's stream throws and discards the output of the same call. So the last
    // bytes, which may be the checksum (4 bytes) and the length (4 more under gzip), are fed separately.
    private static int BeforeChecksum(int from, int length) => (length - from) switch
    {
        > 2 * ChecksumLength => length - (2 * ChecksumLength),
        > ChecksumLength => length - ChecksumLength,
        _ => length,
    };

    private bool TryOpen(ReadOnlySpan<byte> source, out int bytesConsumed)
    {
        bytesConsumed = 0;
        if (source.IsEmpty)
        {
            return false;
        }

        if (isGzip)
        {
            _stream = new GZipStream(_feed, CompressionMode.Decompress);
            return true;
        }

        if (_firstByte < 0)
        {
            _firstByte = source[0];
            bytesConsumed = 1;
            if (source.Length == 1)
            {
                return false;
            }
        }

        // "The check value must be such that CMF and FLG, when viewed as a 16-bit unsigned integer stored in MSB order,
        // is a multiple of 31."
        bool isZlib = (_firstByte & 0x0F) == 8 && ((_firstByte << 8) + source[bytesConsumed]) % 31 == 0;
        _stream = isZlib ? new ZLibStream(_feed, CompressionMode.Decompress) : new DeflateStream(_feed, CompressionMode.Decompress);
        _feed.Fill([(byte)_firstByte]);
        return true;
    }

    private sealed class Feed : Stream
    {
        private const int Size = 4 * 1024;

        private byte[] _buffer = [];
        private int _start, _end;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        /// <summary>Appends as many bytes as fit. Returns their number.</summary>
        public int Fill(ReadOnlySpan<byte> bytes)
        {
            if (_start == _end)
            {
                Clear();
            }

            if (_buffer.Length == 0 && !bytes.IsEmpty)
            {
                _buffer = ArrayPool<byte>.Shared.Rent(Size);
            }

            int length = Math.Min(bytes.Length, _buffer.Length - _end);
            bytes[..length].CopyTo(_buffer.AsSpan(_end));
            _end += length;
            return length;
        }

        public void Clear() => _start = _end = 0;

        public override int Read(Span<byte> buffer)
        {
            int length = Math.Min(buffer.Length, _end - _start);
            _buffer.AsSpan(_start, length).CopyTo(buffer);
            _start += length;
            return length;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            byte[] buffer = _buffer;
            _buffer = [];
            Clear();
            if (buffer.Length != 0)
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }

            base.Dispose(disposing);
        }
    }
}
