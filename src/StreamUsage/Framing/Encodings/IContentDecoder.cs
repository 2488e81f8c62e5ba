using System.Buffers;

namespace StreamUsage.Framing.Encodings;

/// <summary>Decodes one Content-Encoding, for the tracked copy of a body. The caller's bytes stay encoded. An instance
/// decodes one body, and is not used concurrently.</summary>
internal interface IContentDecoder : IDisposable
{
    /// <summary>Decodes the next bytes, as far as the input allows, so that flushed events are seen at once. Consumes
    /// all input unless the destination is full or the encoding has ended.</summary>
    /// <param name="source">The encoded bytes that were not consumed; empty to ask for pending output.</param>
    /// <param name="destination">Receives the decoded bytes.</param>
    /// <param name="bytesConsumed">The number of consumed bytes.</param>
    /// <param name="bytesWritten">The number of decoded bytes.</param>
    /// <returns><see cref="OperationStatus.InvalidData"/> if the input is damaged; an exception means the same. The
    /// other values are not told apart: the caller asks again as long as bytes are consumed or written. At the
    /// encoding's end (<see cref="OperationStatus.Done"/>), later bytes still come here and are ignored.</returns>
    OperationStatus Decode(ReadOnlySpan<byte> source, Span<byte> destination, out int bytesConsumed, out int bytesWritten);
}
