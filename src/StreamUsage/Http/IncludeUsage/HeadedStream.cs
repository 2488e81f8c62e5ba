using System.Runtime.ExceptionServices;

namespace StreamUsage.Http.IncludeUsage;

/// <summary>Represents a body whose first bytes have been read already.</summary>
/// <param name="head">The first bytes.</param>
/// <param name="rest">The stream, which continues after them.</param>
/// <param name="fault">The fault that the stream ended with; null if none.</param>
internal sealed class HeadedStream(ReadOnlyMemory<byte> head, Stream rest, ExceptionDispatchInfo? fault) : ReadOnlyStream(rest)
{
    private ReadOnlyMemory<byte> _head = head;

    public override int Read(Span<byte> buffer) => TryTake(buffer, out int length) ? length : Inner.Read(buffer);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        TryTake(buffer.Span, out int length) ? new ValueTask<int>(length) : Inner.ReadAsync(buffer, cancellationToken);

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
