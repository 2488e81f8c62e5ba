using System.Buffers;

namespace StreamUsage.Framing.Encodings;

/// <summary>
/// Undoes one Content-Encoding, piece by piece, for the copy of a body that is accounted; what the caller reads stays as it is. One instance decodes one body, never from two threads at once.
/// </summary>
internal interface IContentDecoder : IDisposable
{
    /// <summary>Decodes on from where the last call ended. As much is to be decoded as the input allows: a server that flushes an event wants it to be seen.</summary>
    /// <param name="source">Encoded bytes that were not consumed before; empty to ask for output that waits.</param>
    /// <param name="destination">Where decoded bytes go.</param>
    /// <param name="bytesConsumed">Bytes of <paramref name="source"/> that are taken in and not wanted again.</param>
    /// <param name="bytesWritten">Bytes that were written.</param>
    /// <returns>
    /// <see cref="OperationStatus.NeedMoreData"/> where all input was consumed, <see cref="OperationStatus.DestinationTooSmall"/> where there may be more output, <see cref="OperationStatus.Done"/> at the encoding's end
    /// (what follows it is given to the same decoder), <see cref="OperationStatus.InvalidData"/> where the input is damaged. An exception counts as the last.
    /// </returns>
    OperationStatus Decode(ReadOnlySpan<byte> source, Span<byte> destination, out int bytesConsumed, out int bytesWritten);
}
