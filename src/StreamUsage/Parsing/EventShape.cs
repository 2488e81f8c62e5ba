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

    // Where a JSON string may not simply go on: its end, an escape, or a control character, which has no place in it.
    private static readonly SearchValues<byte> StringStops = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(i => (byte)i), (byte)'"', (byte)'\\']);

    private readonly byte[] _sample;
    private readonly Hole[] _holes;
    private readonly int _beforeData;
    private readonly int _afterData;

    private EventShape(byte[] sample, Hole[] holes, int beforeData, int afterData)
    {
        _sample = sample;
        _holes = holes;
        _beforeData = beforeData;
        _afterData = afterData;
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

        return new EventShape(raw.ToArray(), [.. holes], dataStart, raw.Length - dataStart - data.Length);
    }

    /// <summary>Whether <paramref name="bytes"/> begin with an event of this shape; tells the observer its output where they do.</summary>
    public ShapeMatch Match(ReadOnlySpan<byte> bytes, int maxDataLength, IOutputObserver output, out int length)
    {
        length = 0;
        Span<Found> found = stackalloc Found[MaxHoles];
        int at = 0;
        int sampleAt = 0;
        for (int i = 0; i < _holes.Length; i++)
        {
            ref readonly Hole hole = ref _holes[i];
            ReadOnlySpan<byte> literal = _sample.AsSpan(sampleAt, hole.Start - sampleAt);
            ReadOnlySpan<byte> rest = bytes[at..];
            if (!rest.StartsWith(literal))
            {
                return literal.StartsWith(rest) ? ShapeMatch.Cut : ShapeMatch.None;
            }

            at += literal.Length;
            rest = rest[literal.Length..];
            bool isEscaped = false;
            int holeLength = hole.Kind == HoleKind.Number ? NumberLength(rest) : StringLength(rest, out isEscaped);
            if (holeLength == rest.Length)
            {
                return ShapeMatch.Cut;
            }

            if (holeLength <= 0)
            {
                return ShapeMatch.None;
            }

            found[i] = new Found(at, holeLength, isEscaped);
            at += holeLength;
            sampleAt = hole.End;
        }

        ReadOnlySpan<byte> end = _sample.AsSpan(sampleAt);
        if (!bytes[at..].StartsWith(end))
        {
            return end.StartsWith(bytes[at..]) ? ShapeMatch.Cut : ShapeMatch.None;
        }

        at += end.Length;
        if (at - _beforeData - _afterData > maxDataLength)
        {
            return ShapeMatch.None;
        }

        for (int i = 0; i < _holes.Length; i++)
        {
            ref readonly Hole hole = ref _holes[i];
            if (hole.Kind == HoleKind.Output)
            {
                output.Output(hole.Output, hole.Choice, bytes.Slice(found[i].Start, found[i].Length), found[i].IsEscaped);
            }
        }

        length = at;
        return ShapeMatch.Whole;
    }

    private readonly record struct Found(int Start, int Length, bool IsEscaped);

    // Values of free properties: strings that are not empty, and numbers.
    private static List<Hole>? FindHoles(ReadOnlySpan<byte> data, int dataStart, IRepeatingWire wire)
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

    // The length of the inside of a JSON string; the whole length where its end is not here; -1 where it is none.
    private static int StringLength(ReadOnlySpan<byte> bytes, out bool isEscaped)
    {
        isEscaped = false;
        int at = 0;
        while (true)
        {
            int next = bytes[at..].IndexOfAny(StringStops);
            if (next < 0)
            {
                return bytes.Length;
            }

            at += next;
            if (bytes[at] == (byte)'"')
            {
                return at;
            }

            if (bytes[at] != (byte)'\\')
            {
                return -1;
            }

            isEscaped = true;
            if (at + 1 == bytes.Length)
            {
                return bytes.Length;
            }

            switch (bytes[at + 1])
            {
                case (byte)'"' or (byte)'\\' or (byte)'/' or (byte)'b' or (byte)'f' or (byte)'n' or (byte)'r' or (byte)'t':
                    at += 2;
                    break;
                case (byte)'u':
                    for (int i = at + 2; i < at + 6; i++)
                    {
                        if (i == bytes.Length)
                        {
                            return bytes.Length;
                        }

                        if (!char.IsAsciiHexDigit((char)bytes[i]))
                        {
                            return -1;
                        }
                    }

                    at += 6;
                    break;
                default:
                    return -1;
            }
        }
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
