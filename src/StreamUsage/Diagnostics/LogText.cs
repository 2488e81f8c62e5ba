using System.Buffers;
using System.Globalization;
using System.Text;

namespace StreamUsage.Diagnostics;

/// <summary>Makes external text safe for a log line: one line, left to right, and of limited length.</summary>
internal static class LogText
{
    /// <summary>The most characters logged of a value, with its escapes. A longer value ends in <c>…</c>.</summary>
    public const int MaxLength = 256;

    private static readonly SearchValues<char> Plain =
        SearchValues.Create(" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~");

    /// <summary>Returns the value with control, format (also bidirectional) and line-separator characters escaped as
    /// <c>\uXXXX</c>; the same object if unchanged; null for null.</summary>
    public static string? Escape(string? value)
    {
        if (value is null || (value.Length <= MaxLength && value.AsSpan().IndexOfAnyExcept(Plain) < 0))
        {
            return value;
        }

        var escaped = new StringBuilder(Math.Min(value.Length, MaxLength) + 1);
        int taken = 0;
        while (taken < value.Length && TryAppend(escaped, value.AsSpan(taken), out int length))
        {
            taken += length;
        }

        if (taken < value.Length)
        {
            escaped.Append('…');
        }

        return escaped.ToString();
    }

    // Appends the first character, of one or two UTF-16 units; false if there is no room for it.
    private static bool TryAppend(StringBuilder escaped, ReadOnlySpan<char> rest, out int length)
    {
        bool isWhole = Rune.DecodeFromUtf16(rest, out Rune rune, out length) == OperationStatus.Done;
        bool isSafe = isWhole
            && Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);
        if (escaped.Length + (isSafe ? length : 6 * length) > MaxLength)
        {
            return false;
        }

        foreach (char unit in rest[..length])
        {
            if (isSafe)
            {
                escaped.Append(unit);
            }
            else
            {
                escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}");
            }
        }

        return true;
    }
}
