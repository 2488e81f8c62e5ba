namespace StreamUsage.Parsing;

/// <summary>
/// An event as it comes thousands of times a stream: the bytes of one, framing included, with holes where texts and running numbers stand. An event that differs from it in its holes only
/// would leave the parser's state as it is and give the observer the text in the holes; so that is done, and the JSON is not parsed. The shape holds for one state: a change of the state ends it.
/// The benchmark's Claude and Chat streams, read 16 KiB at a time, take 60 to 100 ns an event in all with it, and took 440 to 660 when every event was parsed.
/// </summary>
internal sealed class EventShape
{
    public const int MaxOutputs = 2;

    private readonly byte[] _sample;
    private readonly ShapeHole[] _holes;
    private readonly ShapeHole _lastOutput, _firstOutput;
    private readonly int _beforeData;
    private readonly int _closersStart;
    private readonly int _closersEnd;
    private ShapeHole[] _changing;

    /// <summary>Makes a shape of what <see cref="ShapeLearner"/> has found.</summary>
    /// <param name="raw">The event's bytes, from the first of its first line to its blank line.</param>
    /// <param name="holes">The holes in them, in order; one or two are output.</param>
    /// <param name="dataStart">Where the data begins.</param>
    /// <param name="dataEnd">Where it ends.</param>
    public EventShape(ReadOnlySpan<byte> raw, ReadOnlySpan<ShapeHole> holes, int dataStart, int dataEnd)
    {
        _sample = raw.ToArray();
        _holes = holes.ToArray();
        _changing = Array.Exists(_holes, hole => hole.Kind == HoleKind.Number) ? Array.FindAll(_holes, hole => hole.Kind != HoleKind.Number) : _holes;
        _lastOutput = Array.FindLast(_holes, hole => hole.Kind == HoleKind.Output);
        _firstOutput = Array.Find(_holes, hole => hole.Kind == HoleKind.Output);
        _beforeData = dataStart;
        _closersEnd = dataEnd;
        _closersStart = Math.Max(holes[^1].End, raw[..dataEnd].LastIndexOfAnyExcept("}] "u8) + 1);
    }

    /// <summary>Whether <paramref name="bytes"/> begin with an event of this shape; tells the observer its output where they do.</summary>
    public ShapeMatch Match(ReadOnlySpan<byte> bytes, int maxDataLength, IShapeObserver output, out int length)
    {
        ShapeMatch match = Match(bytes, _changing, maxDataLength, output, out length);
        if (match == ShapeMatch.None && _changing.Length != _holes.Length)
        {
            // Numbers are taken to stay as they were (a time in seconds does, for many events) until one has changed.
            match = Match(bytes, _holes, maxDataLength, output, out length);
            if (match == ShapeMatch.Whole)
            {
                _changing = _holes;
            }
        }

        return match;
    }

    private ShapeMatch Match(ReadOnlySpan<byte> bytes, ShapeHole[] holes, int maxDataLength, IShapeObserver output, out int length)
    {
        length = 0;
        Found first = default, second = default;
        ReadOnlySpan<byte> rest = bytes;
        int sampleAt = 0;
        foreach (ref readonly ShapeHole hole in holes.AsSpan())
        {
            ReadOnlySpan<byte> literal = _sample.AsSpan(sampleAt, hole.Start - sampleAt);
            if (!rest.StartsWith(literal))
            {
                return literal.StartsWith(rest) ? ShapeMatch.Cut : ShapeMatch.None;
            }

            rest = rest[literal.Length..];
            int utf16Length = 0;
            bool isEscaped = false;
            int holeLength = hole.Kind == HoleKind.Number ? NumberLength(rest) : JsonStringScanner.Scan(rest, out utf16Length, out isEscaped);
            if (holeLength == rest.Length)
            {
                return ShapeMatch.Cut;
            }

            if (holeLength <= 0)
            {
                return ShapeMatch.None;
            }

            if (hole.Kind == HoleKind.Output)
            {
                second = first;
                first = new Found(bytes.Length - rest.Length, holeLength, utf16Length, isEscaped);
            }

            rest = rest[holeLength..];
            sampleAt = hole.End;
        }

        int afterData = _sample.Length - _closersEnd;
        ReadOnlySpan<byte> tail = _sample.AsSpan(sampleAt);
        if (rest.StartsWith(tail))
        {
            rest = rest[tail.Length..];
        }
        else if (MatchEnd(ref rest, tail[..(_closersStart - sampleAt)]) is var end and not ShapeMatch.Whole)
        {
            return end;
        }

        length = bytes.Length - rest.Length;
        if (length - _beforeData - afterData > maxDataLength)
        {
            return ShapeMatch.None;
        }

        Tell(bytes, second, first, output);
        return ShapeMatch.Whole;
    }

    // The last literal, then the closing brackets with any spaces among them (Anthropic pads its events so), then the rest of the line and the blank line.
    private ShapeMatch MatchEnd(ref ReadOnlySpan<byte> rest, ReadOnlySpan<byte> literal)
    {
        if (!rest.StartsWith(literal))
        {
            return literal.StartsWith(rest) ? ShapeMatch.Cut : ShapeMatch.None;
        }

        int at = literal.Length;
        for (int i = _closersStart; i < _closersEnd; i++)
        {
            byte closer = _sample[i];
            if (closer == (byte)' ')
            {
                continue;
            }

            while (at < rest.Length && rest[at] == (byte)' ')
            {
                at++;
            }

            if (at == rest.Length)
            {
                return ShapeMatch.Cut;
            }

            if (rest[at++] != closer)
            {
                return ShapeMatch.None;
            }
        }

        rest = rest[at..];
        ReadOnlySpan<byte> end = _sample.AsSpan(_closersEnd);
        if (!rest.StartsWith(end))
        {
            return end.StartsWith(rest) ? ShapeMatch.Cut : ShapeMatch.None;
        }

        rest = rest[end.Length..];
        return ShapeMatch.Whole;
    }

    private void Tell(ReadOnlySpan<byte> bytes, in Found second, in Found first, IShapeObserver output)
    {
        if (second.Length != 0)
        {
            output.Output(_firstOutput.Output, _firstOutput.Choice, bytes.Slice(second.Start, second.Length), second.IsEscaped, second.Utf16Length);
        }

        output.Output(_lastOutput.Output, _lastOutput.Choice, bytes.Slice(first.Start, first.Length), first.IsEscaped, first.Utf16Length);
    }

    private readonly record struct Found(int Start, int Length, int Utf16Length, bool IsEscaped);

    // The length of a whole number without a sign; the whole length where it may go on; -1 where it is none.
    private static int NumberLength(ReadOnlySpan<byte> bytes)
    {
        int length = bytes.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        length = length < 0 ? bytes.Length : length;
        return length > 1 && bytes[0] == (byte)'0' ? -1 : length;
    }
}
