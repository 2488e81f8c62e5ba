using System.Net;
using StreamUsage.Buffers;
using StreamUsage.PassThrough;

namespace StreamUsage.Http;

/// <summary>Represents a request's content that copies the sent bytes, up to a limit and within the budget. The bytes
/// are sent unchanged.</summary>
internal sealed class ObservedContent : HttpContent
{
    private readonly HttpContent _inner;
    private readonly int _maxBytes;
    private readonly BufferBudget _budget;

    public ObservedContent(HttpContent inner, int maxBytes, BufferBudget budget)
    {
        _inner = inner;
        _maxBytes = maxBytes;
        _budget = budget;
        inner.CopyHeadersTo(this);
    }

    /// <summary>Gets the copy of the bytes last sent; null if the sending has not begun. The request disposes
    /// it.</summary>
    public SentBody? Sent { get; private set; }

    /// <summary>Gets whether all bytes were written to the connection, or to the buffer of a handler inside.</summary>
    public bool WasSent { get; private set; }

    protected override bool TryComputeLength(out long length)
    {
        length = _inner.Headers.ContentLength ?? 0;
        return _inner.Headers.ContentLength is not null;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await _inner.CopyToAsync(Begin(stream), context, cancellationToken).ConfigureAwait(false);
        WasSent = true;
    }

    protected override void SerializeToStream(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        _inner.CopyTo(Begin(stream), context, cancellationToken);
        WasSent = true;
    }

    // A request that is sent again is copied again.
    private CopyingStream Begin(Stream stream)
    {
        WasSent = false;
        Sent?.Dispose();
        Sent = new SentBody(_maxBytes, _inner.Headers.ContentLength, _budget);
        return new CopyingStream(stream, Sent);
    }

    private sealed class CopyingStream(Stream destination, SentBody copy) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            copy.Add(buffer);
            destination.Write(buffer);
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            copy.Add(buffer.Span);
            return destination.WriteAsync(buffer, cancellationToken);
        }

        public override void Flush() => destination.Flush();

        public override Task FlushAsync(CancellationToken cancellationToken) => destination.FlushAsync(cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
