using System.Runtime.ExceptionServices;
using StreamUsage.PassThrough;

namespace StreamUsage.Http.IncludeUsage;

/// <summary>Represents a body whose first bytes have been read already.</summary>
/// <param name="head">The first bytes.</param>
/// <param name="rest">The stream, which continues after them.</param>
/// <param name="fault">The fault that the stream ended with; null if none.</param>
internal sealed class HeadedStream(ReadOnlyMemory<byte> head, Stream rest, ExceptionDispatchInfo? fault) : DelegatingStream(rest)
{
    private ReadOnlyMemory<byte> _head = head;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        return Read(buffer.AsSpan(offset, count));
    }

    public override int Read(Span<byte> buffer) => TryTake(buffer, out int length) ? length : Inner.Read(buffer);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        return ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        TryTake(buffer.Span, out int length) ? new ValueTask<int>(length) : Inner.ReadAsync(buffer, cancellationToken);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private bool TryTake(Span<byte> buffer, out int length)
    {
        length = Math.Min(_head.Length, buffer.Length);
        if (!_head.IsEmpty)
        {
            _head.Span[..length].CopyTo(buffer);
            _head = _head[length..];
            return true;
        }

        fault?.Throw();
        return false;
    }
}
