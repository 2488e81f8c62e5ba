using System.Buffers;
using StreamUsage.Framing.Encodings;

namespace StreamUsage.Framing;

/// <summary>
/// Decodes the copy of a body that is accounted, as its bytes come, in pieces of one size. Made only for a body that says that it is encoded. Whatever is wrong with it ends the decoding, and what was read until then stands.
/// </summary>
internal sealed class DecodedBody(IReadOnlyList<Func<IContentDecoder>> factories)
{
    private const int PieceSize = 8 * 1024;

    // What a body may be decoded to: a stream of events comes to 5 to 50 times its size, a bomb to 1,000 times and far more. Bounds the time that a received byte can cost.
    private const long FreeDecodedBytes = 16 * 1024 * 1024;
    private const long MaxRatio = 100;

    private IContentDecoder[] _decoders = [];
    private long _received, _decoded;
    private bool _hasText;

    /// <summary>Why the body was not decoded to its end; null where it was.</summary>
    public ContentFault? Fault { get; private set; } = factories.Count == 0 ? ContentFault.Unknown : null;

    /// <summary>Takes in encoded bytes, and has what they decode to read.</summary>
    public void Read(ReadOnlySpan<byte> bytes, BodyReader reader)
    {
        if (_decoders.Length == 0 && Fault is null)
        {
            Open();
        }

        _received += bytes.Length;
        if (Fault is null)
        {
            Decode(0, bytes, reader);
        }

        if (Fault is not null && !_hasText)
        {
            reader.Events.KeepExcerpt(bytes); // It may not be encoded at all.
        }
    }

    /// <summary>Disposes the decoders. What they have decoded stands, whatever that throws.</summary>
    /// <returns>The first exception; null where there was none.</returns>
    public Exception? Release()
    {
        IContentDecoder[] decoders = _decoders;
        _decoders = [];
        Exception? first = null;
        foreach (IContentDecoder decoder in decoders)
        {
            try
            {
                decoder.Dispose();
            }
            catch (Exception fault)
            {
                first ??= fault;
            }
        }

        return first;
    }

    private void Open()
    {
        var decoders = new List<IContentDecoder>(factories.Count);
        try
        {
            foreach (Func<IContentDecoder> factory in factories)
            {
                decoders.Add(factory());
            }
        }
        catch (Exception)
        {
            Fault = ContentFault.Damaged;
        }

        _decoders = [.. decoders];
    }

    private void Decode(int level, ReadOnlySpan<byte> bytes, BodyReader reader)
    {
        byte[] piece = ArrayPool<byte>.Shared.Rent(PieceSize);
        try
        {
            bool goesOn = true;
            while (goesOn && Fault is null)
            {
                OperationStatus status = DecodeOne(level, ref bytes, piece, out int written, out bool isMoved);
                Pass(level + 1, piece.AsSpan(0, written), reader);
                if (status == OperationStatus.InvalidData)
                {
                    Fault ??= ContentFault.Damaged;
                }

                // A decoder that takes nothing in and gives nothing is at its end: what stands behind that is nobody's.
                goesOn = isMoved && (!bytes.IsEmpty || status == OperationStatus.DestinationTooSmall);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    private OperationStatus DecodeOne(int level, ref ReadOnlySpan<byte> bytes, Span<byte> piece, out int written, out bool isMoved)
    {
        try
        {
            OperationStatus status = _decoders[level].Decode(bytes, piece, out int consumed, out written);
            bytes = bytes[consumed..];
            isMoved = consumed != 0 || written != 0;
            return status;
        }
        catch (Exception)
        {
            written = 0;
            isMoved = false;
            return OperationStatus.InvalidData; // Damaged, in whichever of its ways the decoder says so.
        }
    }

    private void Pass(int level, ReadOnlySpan<byte> decoded, BodyReader reader)
    {
        if (decoded.IsEmpty)
        {
            return;
        }

        _decoded += decoded.Length;
        if (_decoded > FreeDecodedBytes + (MaxRatio * _received))
        {
            Fault = ContentFault.TooLarge;
        }
        else if (level < _decoders.Length)
        {
            Decode(level, decoded, reader);
        }
        else
        {
            _hasText = true;
            reader.Read(decoded);
        }
    }
}
