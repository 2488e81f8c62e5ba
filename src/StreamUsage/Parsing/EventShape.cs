using System.Buffers;
using System.Text.Json;
using StreamUsage.Accounting;

namespace StreamUsage.Parsing;

/// <summary>
/// An event as it comes thousands of times a stream: the bytes of one, framing included, with holes where texts and running numbers stand. An event that differs from it in its holes only
/// would leave the parser's state as it is and give the observer the text in the holes; so that is done, and the JSON is not parsed. The shape holds for one state: a change of the state ends it.
/// Matching costs about 20 ns an event, where parsing its JSON costs 150 to 400.
/// </summary>
internal sealed class EventShape
{
    private const int MaxLength = 2048;
    private const int MaxHoles = 8;
    private const int MaxOutputs = 2;

    private readonly byte[] _sample;
    private readonly Hole[] _holes;
    private readonly Hole[] _outputs;
    private Hole[] _changing;
    private readonly int _beforeData;
    private readonly int _closersStart;
    private readonly int _closersEnd;

    private EventShape(byte[] sample, Hole[] holes, Hole[] outputs, int beforeData, int dataEnd)
    {
        _sample = sample;
        _holes = holes;
        _outputs = outputs;
        _changing = [.. holes.Where(hole => hole.Kind != HoleKind.Number)];
        _beforeData = beforeData;
        _closersEnd = dataEnd;
        _closersStart = Math.Max(holes[^1].End, sample.AsSpan(0, dataEnd).LastIndexOfAnyExcept("}] "u8) + 1);
    }

    private enum HoleKind : byte
    {
        Number,
        Unread,
        Output,
    }

    private readonly record struct Hole(int Start, int End, HoleKind Kind, OutputKind Output, int Choice);

    /// <summary>
    /// Learns the shape of an event that has just been read and left the state as it was. The guess which values are holes is checked: with other texts in them the parser must
    /// leave the state as it is again, and tell of just those texts. Null where it does not hold.
    /// </summary>
    /// <param name="raw">The event's bytes, from the first of its first line to its blank line.</param>
    /// <param name="dataStart">Where in them its data begins.</param>
    /// <param name="wireEvent">The event; its data lies in <paramref name="raw"/> in one piece.</param>
    /// <param name="parser">The parser that read it.</param>
    /// <param name="state">The state before and after it.</param>
    public static EventShape? Learn(ReadOnlySpan<byte> raw, int dataStart, WireEvent wireEvent, IUsageParser parser, in UsageAccumulator state)
    {
        ReadOnlySpan<byte> data = wireEvent.Data;
        if (raw.Length > MaxLength || parser is not IRepeatingWire wire || raw[^1] != (byte)'\n' || FindHoles(data, dataStart, wire) is not { Count: > 0 } holes)
        {
            return null;
        }

        var probe = new Probe();
        byte[] changed = Probe.FillHoles(raw, holes);
        int growth = changed.Length - raw.Length;
        var other = new WireEvent(wireEvent.Type, changed.AsSpan(dataStart, data.Length + growth), wireEvent.IsWholeBody);
        if (parser.Apply(other, state, probe) != state || !probe.Assign(holes))
        {
            return null;
        }

        // The last output first: it is the one that most events have.
        Hole[] outputs = [.. holes.Where(hole => hole.Kind == HoleKind.Output).Reverse()];
        return outputs.Length > MaxOutputs ? null : new EventShape(raw.ToArray(), [.. holes], outputs, dataStart, dataStart + data.Length);
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

    private ShapeMatch Match(ReadOnlySpan<byte> bytes, Hole[] holes, int maxDataLength, IShapeObserver output, out int length)
    {
        length = 0;
        Found first = default, second = default;
        ReadOnlySpan<byte> rest = bytes;
        int sampleAt = 0;
        foreach (ref readonly Hole hole in holes.AsSpan())
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
            output.Output(_outputs[1].Output, _outputs[1].Choice, bytes.Slice(second.Start, second.Length), second.IsEscaped, second.Utf16Length);
        }

        output.Output(_outputs[0].Output, _outputs[0].Choice, bytes.Slice(first.Start, first.Length), first.IsEscaped, first.Utf16Length);
    }

    private readonly record struct Found(int Start, int Length, int Utf16Length, bool IsEscaped);

    // Values of free properties: strings that are not empty, and numbers.
    private static List<Hole>? FindHoles(ReadOnlySpan<byte> data, int dataStart, IRepeatingWire wire)
    {
        try
        {
            return FindHolesOf(data, dataStart, wire);
        }
        catch (JsonException)
        {
            return null; // The parser passes by what it does not need, well-formed or not.
        }
    }

    private static List<Hole>? FindHolesOf(ReadOnlySpan<byte> data, int dataStart, IRepeatingWire wire)
    {
        var holes = new List<Hole>();
        Utf8JsonReader reader = Json.Read(data);
        bool isFree = false;
        reader.Read();
        while (reader.Read() && reader.CurrentDepth > 0)
        {
            if (reader.TokenType == JsonTokenType.PropertyName)
            {
                isFree = wire.IsFree(reader.ValueSpan);
                continue;
            }

            if (isFree && (reader.TokenType is JsonTokenType.String or JsonTokenType.Number) && !reader.ValueSpan.IsEmpty)
            {
                bool isString = reader.TokenType == JsonTokenType.String;
                int start = dataStart + (int)reader.TokenStartIndex + (isString ? 1 : 0);
                holes.Add(new Hole(start, start + reader.ValueSpan.Length, isString ? HoleKind.Unread : HoleKind.Number, default, 0));
            }

            isFree = false;
        }

        return holes.Count <= MaxHoles ? holes : null;
    }

    // The length of a whole number without a sign; the whole length where it may go on; -1 where it is none.
    private static int NumberLength(ReadOnlySpan<byte> bytes)
    {
        int length = bytes.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        length = length < 0 ? bytes.Length : length;
        return length > 1 && bytes[0] == (byte)'0' ? -1 : length;
    }

    /// <summary>Checks a guess: fills the holes with marks of its own, and sees which of them the parser tells of.</summary>
    private sealed class Probe : IOutputObserver
    {
        private readonly List<(OutputKind Kind, int Choice, byte[] Text)> _outputs = [];
        private bool _toldOfMore;

        public void Output(OutputKind kind, int choiceIndex, ReadOnlySpan<byte> utf8, bool isEscaped) => _outputs.Add((kind, choiceIndex, utf8.ToArray()));

        public void ReportedUsage(ReadOnlySpan<byte> utf8Json, bool isCumulative) => _toldOfMore = true;

        public void IgnoredCount(ReadOnlySpan<byte> name) => _toldOfMore = true;

        public static byte[] FillHoles(ReadOnlySpan<byte> raw, List<Hole> holes)
        {
            var filled = new ArrayBufferWriter<byte>(raw.Length + 64);
            int at = 0;
            for (int i = 0; i < holes.Count; i++)
            {
                filled.Write(raw[at..holes[i].Start]);
                filled.Write(holes[i].Kind == HoleKind.Number ? "7"u8 : Mark(i));
                at = holes[i].End;
            }

            filled.Write(raw[at..]);
            return filled.WrittenSpan.ToArray();
        }

        /// <summary>Marks the holes whose text came out as output; false where anything else did.</summary>
        public bool Assign(List<Hole> holes)
        {
            int next = 0;
            for (int i = 0; i < holes.Count && next < _outputs.Count; i++)
            {
                if (holes[i].Kind == HoleKind.Unread && _outputs[next].Text.AsSpan().SequenceEqual(Mark(i)))
                {
                    holes[i] = holes[i] with { Kind = HoleKind.Output, Output = _outputs[next].Kind, Choice = _outputs[next].Choice };
                    next++;
                }
            }

            return next > 0 && next == _outputs.Count && !_toldOfMore;
        }

        private static ReadOnlySpan<byte> Mark(int hole) => new[] { (byte)'<', (byte)('a' + hole), (byte)'>' };
    }
}
