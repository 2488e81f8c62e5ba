using System.Buffers;

namespace StreamUsage.Parsing;

/// <summary>Finds the end of a JSON object or array in pieces of any size, looking at its brackets and strings only. A mutable struct: keep it in a field, never copy it.</summary>
internal struct JsonContainerSkip
{
    private static readonly SearchValues<byte> Structure = SearchValues.Create("\"{}[]"u8);
    private static readonly SearchValues<byte> StringEnds = SearchValues.Create("\"\\"u8);

    private long _depth;
    private bool _inString, _inEscape;

    /// <summary>Whether the container's end has been passed, or none has begun.</summary>
    public readonly bool IsAtEnd => _depth == 0;

    /// <summary>The opening bracket has been read.</summary>
    public void Begin()
    {
        _depth = 1;
        _inString = false;
        _inEscape = false;
    }

    /// <summary>Reads on to the container's end, or to the end of the piece.</summary>
    /// <returns>How many bytes were passed.</returns>
    public int Skip(ReadOnlySpan<byte> piece)
    {
        int at = 0;
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
}
