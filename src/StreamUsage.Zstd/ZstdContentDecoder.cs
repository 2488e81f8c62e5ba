using System.Buffers;
using StreamUsage.Framing.Encodings;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace StreamUsage.Decompression;

/// <summary>Decodes <c>zstd</c> (RFC 8878), with any number of frames.</summary>
internal sealed class ZstdContentDecoder : IContentDecoder
{
    // RFC 9659: a body's window is at most 8 MiB, "to ensure interoperability".
    private const int WindowLogMax = 23;

    private readonly Decompressor _decompressor = new();

    public ZstdContentDecoder() => _decompressor.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, WindowLogMax);

    public OperationStatus Decode(ReadOnlySpan<byte> source, Span<byte> destination, out int bytesConsumed, out int bytesWritten) =>
        _decompressor.UnwrapStream(source, destination, out bytesConsumed, out bytesWritten);

    public void Dispose() => _decompressor.Dispose();
}
