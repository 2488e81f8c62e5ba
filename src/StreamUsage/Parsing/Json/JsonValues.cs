using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace StreamUsage.Parsing.Json;

/// <summary>Enumerates the JSON values of an event's data, as some servers put several into one event. It separates
/// containers, end markers and other lines; their content is not validated.</summary>
internal ref struct JsonValues(ReadOnlySpan<byte> data)
{
    private ReadOnlySpan<byte> _rest = data, _last;

    private static ReadOnlySpan<byte> Blank => " \t\r\n"u8;

    private static ReadOnlySpan<byte> EndMark => "[DONE]"u8;

    /// <summary>Returns whether the data is one value (the usual case), or begins with neither an object nor an
    /// array.</summary>
    public static bool IsSingle(ReadOnlySpan<byte> data)
    {
        int start = data.IndexOfAnyExcept(Blank);
        if (start < 0 || data[start] is not ((byte)'{' or (byte)'['))
        {
            return true;
        }

        if (!MayHoldSeveral(data))
        {
            return true;
        }

        int length = LengthOfFirst(data, out _);
        return length == data.Length || !data[length..].ContainsAnyExcept(Blank);
    }

    // A closing brace before an opening bracket or white space occurs in compact JSON only inside strings. The check
    // costs a third of finding the first value's end.
    private static bool MayHoldSeveral(ReadOnlySpan<byte> data)
    {
        int at = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            ref byte first = ref MemoryMarshal.GetReference(data);
            for (; at + Vector256<byte>.Count < data.Length; at += Vector256<byte>.Count)
            {
                Vector256<byte> next = Vector256.LoadUnsafe(ref first, (nuint)at + 1);
                // Without that bit '{' is '['.
                Vector256<byte> opens = Vector256.Equals(next | Vector256.Create((byte)0x20), Vector256.Create((byte)'{'));
                Vector256<byte> closes = Vector256.Equals(Vector256.LoadUnsafe(ref first, (nuint)at), Vector256.Create((byte)'}'));
                if ((closes & (opens | Vector256.LessThanOrEqual(next, Vector256.Create((byte)' ')))) != Vector256<byte>.Zero)
                {
                    return true;
                }
            }
        }

        for (; at + 1 < data.Length; at++)
        {
            if (data[at] == (byte)'}' && data[at + 1] is (byte)'{' or (byte)'[' or <= (byte)' ')
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Returns the length of the whole values at the data's beginning.</summary>
    public static int LengthOfWhole(ReadOnlySpan<byte> data)
    {
        int length = 0;
        while (length < data.Length)
        {
            int next = LengthOfFirst(data[length..], out bool isWhole);
            if (!isWhole)
            {
                break;
            }

            length += next;
        }

        return length;
    }

    /// <summary>Returns the next value; false if there is none.</summary>
    public bool Next(out ReadOnlySpan<byte> value)
    {
        _rest = _last = _rest.TrimStart(Blank);
        int length = LengthOfFirst(_rest, out _);
        value = _rest[..length].TrimEnd(Blank);
        _rest = _rest[length..];
        return !value.IsEmpty;
    }

    /// <summary>Goes back to the second line of the last value, whose first line is broken.</summary>
    public void GoToSecondLine() => _rest = _last[(_last.IndexOf((byte)'\n') + 1)..];

    // Includes leading white space. A value that is no container ends with its line, or before an object.
    private static int LengthOfFirst(ReadOnlySpan<byte> data, out bool isWhole)
    {
        int start = data.IndexOfAnyExcept(Blank);
        isWhole = false;
        if (start < 0)
        {
            return data.Length;
        }

        ReadOnlySpan<byte> value = data[start..];
        if (value.StartsWith(EndMark))
        {
            isWhole = true;
            return start + EndMark.Length;
        }

        if (value[0] is (byte)'{' or (byte)'[')
        {
            var container = new JsonContainerSkip();
            container.Begin();
            int length = start + 1 + container.Skip(value[1..]);
            isWhole = container.IsAtEnd;
            return length;
        }

        int end = value.IndexOfAny((byte)'\n', (byte)'{');
        return end < 0 ? data.Length : start + end;
    }
}
