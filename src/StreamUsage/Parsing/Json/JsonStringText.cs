using System.Buffers.Text;
using System.Text;
using StreamUsage.Buffers;

namespace StreamUsage.Parsing.Json;

/// <summary>Decodes the inside of a JSON string.</summary>
internal static class JsonStringText
{
    /// <summary>Returns the text of the raw inside of a JSON string.</summary>
    public static string ToString(ReadOnlySpan<byte> inside)
    {
        if (!inside.Contains((byte)'\\'))
        {
            return Encoding.UTF8.GetString(inside);
        }

        var text = new PooledBuffer();
        Append(inside, ref text);
        string result = Encoding.UTF8.GetString(text.Span);
        text.Release();
        return result;
    }

    /// <summary>Returns the first characters of the text, without half a surrogate pair. Returns
    /// <paramref name="known"/>, without an allocation, if it is equal. The rest is not decoded.</summary>
    public static string ToString(ReadOnlySpan<byte> inside, int maxLength, string? known = null)
    {
        // An escape is the longest form of a character.
        const int MaxBytesPerCharacter = 6;
        if (inside.Length / MaxBytesPerCharacter >= maxLength)
        {
            inside = JsonStringCut.WholeCharacters(inside[..(MaxBytesPerCharacter * maxLength)]);
        }

        var text = new PooledBuffer();
        Append(inside, ref text);
        string result = Utf8Text.ToString(text.Span, maxLength, known);
        text.Release();
        return result;
    }

    /// <summary>Appends the decoded inside of a JSON string, in UTF-8. A lone surrogate is replaced.</summary>
    public static void Append(ReadOnlySpan<byte> inside, ref PooledBuffer text)
    {
        Span<byte> character = stackalloc byte[4];
        while (true)
        {
            int escape = inside.IndexOf((byte)'\\');
            if (escape < 0 || escape + 1 == inside.Length)
            {
                text.Append(escape < 0 ? inside : inside[..escape]);
                return;
            }

            text.Append(inside[..escape]);
            inside = inside[escape..];
            if (inside[1] == (byte)'u')
            {
                inside = inside[ReadCharacter(inside, out Rune rune)..];
                text.Append(character[..rune.EncodeToUtf8(character)]);
            }
            else
            {
                text.Append(inside[1] switch
                {
                    (byte)'n' => (byte)'\n',
                    (byte)'t' => (byte)'\t',
                    (byte)'r' => (byte)'\r',
                    (byte)'b' => (byte)'\b',
                    (byte)'f' => (byte)'\f',
                    byte itself => itself,
                });
                inside = inside[2..];
            }
        }
    }

    // Reads \uXXXX, or two for a surrogate pair, and returns the length.
    private static int ReadCharacter(ReadOnlySpan<byte> escape, out Rune rune)
    {
        if (!TryReadUnit(escape, out char unit))
        {
            rune = Rune.ReplacementChar;
            return Math.Min(6, escape.Length);
        }

        if (Rune.TryCreate(unit, out rune))
        {
            return 6;
        }

        if (TryReadUnit(escape[6..], out char low) && Rune.TryCreate(unit, low, out rune))
        {
            return 12;
        }

        rune = Rune.ReplacementChar;
        return 6;
    }

    private static bool TryReadUnit(ReadOnlySpan<byte> escape, out char unit)
    {
        unit = default;
        if (escape.Length < 6 || escape[0] != (byte)'\\' || escape[1] != (byte)'u'
            || !Utf8Parser.TryParse(escape.Slice(2, 4), out uint value, out int length, 'x') || length != 4)
        {
            return false;
        }

        unit = (char)value;
        return true;
    }
}
