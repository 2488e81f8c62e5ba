using System.Buffers;
using System.IO.Compression;

namespace StreamUsage.Framing.Encodings;

/// <summary>Decodes <c>br</c> (RFC 7932).</summary>
internal sealed class BrotliContentDecoder : IContentDecoder
{
    private BrotliDecoder _decoder;

    public OperationStatus Decode(ReadOnlySpan<byte> source, Span<byte> destination, out int bytesConsumed, out int bytesWritten) =>
        _decoder.Decompress(source, destination, out bytesConsumed, out bytesWritten);

    public void Dispose() => _decoder.Dispose();
}
