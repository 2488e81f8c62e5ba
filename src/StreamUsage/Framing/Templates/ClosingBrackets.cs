using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace StreamUsage.Framing.Templates;

/// <summary>Matches the closing brackets of an event's JSON, between which Anthropic pads with spaces.</summary>
internal static class ClosingBrackets
{
    /// <summary>Returns where the closing brackets of the data begin.</summary>
    /// <param name="data">The data.</param>
    /// <param name="lastSlotEnd">The end of the last slot, behind which the brackets are.</param>
    public static int StartIn(ReadOnlySpan<byte> data, int lastSlotEnd) =>
        Math.Max(lastSlotEnd, data.LastIndexOfAnyExcept("}] "u8) + 1);

    /// <summary>Matches the brackets at a position, and moves it behind them if they are whole.</summary>
    public static TemplateMatch Match(ReadOnlySpan<byte> bytes, ref int at, ReadOnlySpan<byte> closers) =>
        TryMatchAtOnce(bytes, ref at, closers) ? TemplateMatch.Whole : MatchEach(bytes, ref at, closers);

    // The brackets mostly lie within 32 bytes, whose spaces are found at once. Near the end of the bytes the vector
    // starts before the brackets, and the bytes before them are shifted out.
    private static bool TryMatchAtOnce(ReadOnlySpan<byte> bytes, ref int at, ReadOnlySpan<byte> closers)
    {
        if (!Vector256.IsHardwareAccelerated || bytes.Length < Vector256<byte>.Count || at == bytes.Length)
        {
            return false;
        }

        int from = Math.Min(at, bytes.Length - Vector256<byte>.Count);
        Vector256<byte> next = Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(bytes), (uint)from);
        uint nonSpaces = (~Vector256.Equals(next, Vector256.Create((byte)' '))).ExtractMostSignificantBits() >> (at - from);
        int end = at;
        foreach (byte closer in closers)
        {
            end = at + BitOperations.TrailingZeroCount(nonSpaces);
            if (nonSpaces == 0 || bytes[end] != closer)
            {
                return false;
            }

            nonSpaces &= nonSpaces - 1;
            end++;
        }

        at = end;
        return true;
    }

    private static TemplateMatch MatchEach(ReadOnlySpan<byte> bytes, ref int at, ReadOnlySpan<byte> closers)
    {
        foreach (byte closer in closers)
        {
            int length = bytes[at..].IndexOfAnyExcept((byte)' ');
            if (length < 0)
            {
                return TemplateMatch.Cut;
            }

            at += length;
            if (bytes[at++] != closer)
            {
                return TemplateMatch.None;
            }
        }

        return TemplateMatch.Whole;
    }
}
