using System.Buffers.Text;
using System.Text;

namespace StreamUsage.Estimation.Counting;

/// <summary>Unescapes the inside of a JSON string, piece by piece. Invalid escapes stay unchanged.</summary>
internal static class JsonText
{
    /// <summary>The maximum number of bytes that one escape stands for.</summary>
    public const int MaxUnescapedLength = 4;

    /// <summary>Unescapes as much as fits. Returns the number of bytes written.</summary>
    /// <param name="utf8">The escaped text; at least one byte.</param>
    /// <param name="destination">Receives the text; at least <see cref="MaxUnescapedLength"/> bytes.</param>
    /// <param name="read">The number of bytes read, at least 1.</param>
    public static int Unescape(ReadOnlySpan<byte> utf8, Span<byte> destination, out int read)
    {
        read = 0;
        int written = 0;
        while (read < utf8.Length && destination.Length - written >= MaxUnescapedLength)
        {
            ReadOnlySpan<byte> rest = utf8[read..];
            int plain = rest.IndexOf((byte)'\\');
            if (plain != 0)
            {
                int length = Math.Min(plain < 0 ? rest.Length : plain, destination.Length - written);
                rest[..length].CopyTo(destination[written..]);
                written += length;
                read += length;
                continue;
            }

            written += UnescapeOne(rest, destination[written..], out int escape);
            read += escape;
        }

        return written;
    }

    private static int UnescapeOne(ReadOnlySpan<byte> escape, Span<byte> destination, out int read)
    {
        read = Math.Min(2, escape.Length);
        if (escape.Length < 2)
        {
            destination[0] = (byte)'\\';
            return 1;
        }

        if (escape[1] != (byte)'u')
        {
            destination[0] = escape[1] switch
            {
                (byte)'n' => (byte)'\n',
                (byte)'r' => (byte)'\r',
                (byte)'t' => (byte)'\t',
                (byte)'b' => (byte)'\b',
                (byte)'f' => (byte)'\f',
                byte other => other,
            };
            return 1;
        }

        if (!TryReadHex(escape, out char first))
        {
            destination[0] = (byte)'u';
            return 1;
        }

        read = 6;
        if (char.IsHighSurrogate(first) && TryReadHex(escape[6..], out char second) && char.IsLowSurrogate(second))
        {
            read = 12;
            return new Rune(first, second).EncodeToUtf8(destination);
        }

        return (Rune.TryCreate(first, out Rune rune) ? rune : Rune.ReplacementChar).EncodeToUtf8(destination);
    }

    private static bool TryReadHex(ReadOnlySpan<byte> escape, out char character)
    {
        character = default;
        if (escape.Length < 6 || escape[0] != (byte)'\\' || escape[1] != (byte)'u'
            || !Utf8Parser.TryParse(escape.Slice(2, 4), out ushort value, out int length, 'x') || length != 4)
        {
            return false;
        }

        character = (char)value;
        return true;
    }
}
