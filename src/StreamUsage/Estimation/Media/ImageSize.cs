using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;

namespace StreamUsage.Estimation.Media;

/// <summary>Reads width and height from the header of a PNG, GIF, WebP or JPEG in base64, without decoding the
/// image.</summary>
internal static class ImageSize
{
    // In a JPEG, the size follows the metadata, which may include a preview.
    private const int MaxHeaderCharacters = 128 * 1024;

    /// <summary>Reads the size, in pixels. Returns false for other data.</summary>
    /// <param name="base64">The data, or its beginning.</param>
    /// <param name="width">The width.</param>
    /// <param name="height">The height.</param>
    public static bool TryRead(ReadOnlySpan<byte> base64, out int width, out int height)
    {
        width = height = 0;
        Span<byte> first = stackalloc byte[48];
        ReadOnlySpan<byte> header = Decode(base64, first);
        bool isFound = TryReadFixed(header, out width, out height)
            || (header.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8]) && TryReadJpeg(base64, out width, out height));
        return isFound && width > 0 && height > 0;
    }

    private static ReadOnlySpan<byte> Decode(ReadOnlySpan<byte> base64, Span<byte> destination)
    {
        int characters = Math.Min(base64.Length, destination.Length / 3 * 4) & ~3;
        // A fault in the data is ignored: only the part before it is needed.
        Base64.DecodeFromUtf8(base64[..characters], destination, out _, out int written, isFinalBlock: false);
        return destination[..written];
    }

    private static bool TryReadFixed(ReadOnlySpan<byte> header, out int width, out int height)
    {
        width = height = 0;
        if (header.Length < 30)
        {
            return false;
        }

        if (header[0] == 0x89 && header[1..].StartsWith("PNG"u8))
        {
            width = BinaryPrimitives.ReadInt32BigEndian(header[16..]);
            height = BinaryPrimitives.ReadInt32BigEndian(header[20..]);
            return true;
        }

        if (header.StartsWith("GIF8"u8))
        {
            width = BinaryPrimitives.ReadUInt16LittleEndian(header[6..]);
            height = BinaryPrimitives.ReadUInt16LittleEndian(header[8..]);
            return true;
        }

        return header.StartsWith("RIFF"u8) && header[8..].StartsWith("WEBP"u8) && TryReadWebP(header[12..], out width, out height);
    }

    // The three kinds of WebP: extended, lossless, lossy.
    private static bool TryReadWebP(ReadOnlySpan<byte> chunk, out int width, out int height)
    {
        width = height = 0;
        if (chunk.StartsWith("VP8X"u8))
        {
            width = 1 + (chunk[12] | (chunk[13] << 8) | (chunk[14] << 16));
            height = 1 + (chunk[15] | (chunk[16] << 8) | (chunk[17] << 16));
        }
        else if (chunk.StartsWith("VP8L"u8))
        {
            uint bits = BinaryPrimitives.ReadUInt32LittleEndian(chunk[9..]);
            width = 1 + (int)(bits & 0x3FFF);
            height = 1 + (int)((bits >> 14) & 0x3FFF);
        }
        else if (chunk.StartsWith("VP8 "u8))
        {
            width = BinaryPrimitives.ReadUInt16LittleEndian(chunk[14..]) & 0x3FFF;
            height = BinaryPrimitives.ReadUInt16LittleEndian(chunk[16..]) & 0x3FFF;
        }

        return width > 0;
    }

    // Skips segments by their lengths, up to the start of the frame.
    private static bool TryReadJpeg(ReadOnlySpan<byte> base64, out int width, out int height)
    {
        width = height = 0;
        int characters = Math.Min(base64.Length, MaxHeaderCharacters);
        byte[] rented = ArrayPool<byte>.Shared.Rent(characters / 4 * 3);
        ReadOnlySpan<byte> data = Decode(base64[..characters], rented.AsSpan(0, characters / 4 * 3));
        bool isFound = false;
        for (int at = 2; at + 9 <= data.Length && data[at] == 0xFF;)
        {
            byte marker = data[at + 1];
            if (marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC))
            {
                height = BinaryPrimitives.ReadUInt16BigEndian(data[(at + 5)..]);
                width = BinaryPrimitives.ReadUInt16BigEndian(data[(at + 7)..]);
                isFound = true;
                break;
            }

            at += marker == 0xFF ? 1 : 2 + BinaryPrimitives.ReadUInt16BigEndian(data[(at + 2)..]);
        }

        ArrayPool<byte>.Shared.Return(rented);
        return isFound;
    }
}
