using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace StreamUsage.Parsing.Json;

/// <summary>Finds the end of a JSON object or array in pieces of any size. It looks only at brackets and strings, 64
/// bytes at a time, which is several times faster than token by token. A mutable struct: never copy it.</summary>
internal struct JsonContainerSkip
{
    private const int BlockLength = 64;

    private static readonly SearchValues<byte> Structure = SearchValues.Create("\"{}[]"u8);
    private static readonly SearchValues<byte> StringEnds = SearchValues.Create("\"\\"u8);

    private long _depth;
    private bool _inString, _inEscape;

    /// <summary>Gets whether the container has ended, or none has begun.</summary>
    public readonly bool IsAtEnd => _depth == 0;

    public void Begin()
    {
        _depth = 1;
        _inString = false;
        _inEscape = false;
    }

    /// <summary>Skips to the end of the container or the piece. Returns the number of bytes.</summary>
    public int Skip(ReadOnlySpan<byte> piece)
    {
        int at = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            while (piece.Length - at >= BlockLength)
            {
                int passed = SkipBlock(piece.Slice(at, BlockLength));
                at += passed;
                if (_depth == 0)
                {
                    return at;
                }
            }
        }

        while (at < piece.Length)
        {
            if (_inEscape)
            {
                _inEscape = false;
                at++;
                continue;
            }

            int next = piece[at..].IndexOfAny(_inString ? StringEnds : Structure);
            if (next < 0)
            {
                return piece.Length;
            }

            at += next;
            switch (piece[at++])
            {
                case (byte)'"':
                    _inString = !_inString;
                    break;
                case (byte)'\\':
                    _inEscape = true;
                    break;
                case (byte)'{' or (byte)'[':
                    _depth++;
                    break;
                default:
                    if (--_depth == 0)
                    {
                        return at;
                    }

                    break;
            }
        }

        return at;
    }

    private int SkipBlock(ReadOnlySpan<byte> block)
    {
        ref byte first = ref MemoryMarshal.GetReference(block);
        Vector256<byte> low = Vector256.LoadUnsafe(ref first), high = Vector256.LoadUnsafe(ref first, (nuint)Vector256<byte>.Count);
        Vector256<byte> caseBit = Vector256.Create((byte)0x20);
        ulong quotes = Where(low, high, (byte)'"');
        ulong inString = InString(quotes, Where(low, high, (byte)'\\'));
        ulong opening = Where(low | caseBit, high | caseBit, (byte)'{') & ~inString; // Without that bit '{' is '[', and '}' is ']'.
        ulong closing = Where(low | caseBit, high | caseBit, (byte)'}') & ~inString;
        int closings = BitOperations.PopCount(closing);
        if (_depth > closings)
        {
            _depth += BitOperations.PopCount(opening) - closings;
            return BlockLength;
        }

        for (ulong brackets = opening | closing; brackets != 0; brackets &= brackets - 1)
        {
            ulong bracket = brackets & (~brackets + 1);
            _depth += (opening & bracket) != 0 ? 1 : -1;
            if (_depth == 0)
            {
                return BitOperations.TrailingZeroCount(bracket) + 1;
            }
        }

        return BlockLength;
    }

    // Marks the bytes inside strings, including the opening quotes.
    private ulong InString(ulong quotes, ulong backslashes)
    {
        ulong inString = _inString ? ulong.MaxValue : 0;
        if (backslashes == 0 && !_inEscape)
        {
            // Each bit becomes the parity of the quotes up to it.
            quotes ^= quotes << 1;
            quotes ^= quotes << 2;
            quotes ^= quotes << 4;
            quotes ^= quotes << 8;
            quotes ^= quotes << 16;
            quotes ^= quotes << 32;
            inString ^= quotes;
        }
        else
        {
            ulong marks = (quotes | backslashes) & (_inEscape ? ulong.MaxValue << 1 : ulong.MaxValue);
            _inEscape = false;
            while (marks != 0)
            {
                int at = BitOperations.TrailingZeroCount(marks);
                marks &= marks - 1;
                if ((quotes >> at & 1) != 0)
                {
                    inString ^= ulong.MaxValue << at;
                }
                else if ((inString >> at & 1) != 0)
                {
                    _inEscape = at == BlockLength - 1;
                    marks &= _inEscape ? 0 : ~(2UL << at);
                }
            }
        }

        _inString = (inString >> (BlockLength - 1)) != 0;
        return inString;
    }

    private static ulong Where(Vector256<byte> low, Vector256<byte> high, byte value) =>
        Vector256.Equals(low, Vector256.Create(value)).ExtractMostSignificantBits()
            | ((ulong)Vector256.Equals(high, Vector256.Create(value)).ExtractMostSignificantBits() << 32);
}
