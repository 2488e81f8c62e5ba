using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using StreamUsage.Parsing;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Framing.Templates;

/// <summary>An event as it comes thousands of times a stream: the bytes of one, framing included, with holes where
/// texts and running numbers stand. An event that differs from it in its holes only would leave the parser's state as
/// it is and give the observer the text in the holes; so that is done, and the JSON is not parsed. The shape holds for
/// one state: a change of the state ends it. A shape may count: then its events change the state's counts as well, each
/// to its own, and the parser needs to read only the last one. The benchmark's Claude and Chat streams, read 16 KiB at
/// a time, take 40 ns an event in all with it, and took 440 to 660 when every event was parsed.</summary>
internal sealed class EventTemplate
{
    private readonly TemplateSlot[] _holes;
    private readonly ushort _dataStart, _dataEnd, _closersStart, _shortest, _length;
    private readonly bool _isRented;
    private readonly ulong[] _counts = []; // Of one that counts: what the last event counted, by hole.
    private byte[] _sample;
    private ushort _changing; // The holes that are known to change: a bit each. The others are taken to stay as they were.
    private bool _isPadded;

    /// <summary>Makes a shape of what <see cref="TemplateLearner"/> has found.</summary>
    /// <param name="sample">The event's bytes, from the first of its first line to its blank line, without its output
    /// and without spaces among its last brackets.</param>
    /// <param name="holes">The holes in them, in order; one is output, and empty. Other streams' templates may share
    /// them.</param>
    /// <param name="dataStart">Where the data begins.</param>
    /// <param name="dataEnd">Where it ends.</param>
    /// <param name="isShared">Whether other streams use it too: then nobody releases it, and its sample is its
    /// own.</param>
    public EventTemplate(ReadOnlySpan<byte> sample, TemplateSlot[] holes, int dataStart, int dataEnd, bool isShared)
    {
        _length = (ushort)sample.Length;
        _isRented = !isShared;
        _sample = isShared ? new byte[sample.Length] : ArrayPool<byte>.Shared.Rent(sample.Length);
        sample.CopyTo(_sample);
        _holes = holes;
        for (int i = 0; i < holes.Length; i++)
        {
            _changing |= (ushort)(holes[i].Kind == HoleKind.Output ? 1 << i : 0);
            Counts |= holes[i].Kind == HoleKind.Count;
        }

        _dataStart = (ushort)dataStart;
        _dataEnd = (ushort)dataEnd;
        _closersStart = (ushort)Math.Max(holes[^1].End, sample[..dataEnd].LastIndexOfAnyExcept("}] "u8) + 1);
        int shortest = sample.Length;
        foreach (TemplateSlot hole in holes)
        {
            shortest -= hole.End - hole.Start - 1;
        }

        _shortest = (ushort)shortest;
        if (Counts)
        {
            _counts = new ulong[holes.Length];
            for (int i = 0; i < holes.Length; i++)
            {
                _ = holes[i].Kind == HoleKind.Count ? NumberLength(sample[holes[i].Start..], HoleKind.Count, out _counts[i]) : 0;
            }
        }
    }

    /// <summary>The length of the event that it was learned from, without its output.</summary>
    public int Length => _length;

    /// <summary>Whether its events count.</summary>
    public bool Counts { get; }

    /// <summary>Whether it would be the same, made of these.</summary>
    public bool Is(ReadOnlySpan<byte> sample, ReadOnlySpan<TemplateSlot> holes, int dataStart, int dataEnd) =>
        dataStart == _dataStart && dataEnd == _dataEnd && sample.SequenceEqual(_sample.AsSpan(0, _length)) && holes.SequenceEqual(_holes);

    /// <summary>Its stream does not use it any more. Nothing of it but <see cref="Data"/> may be used from here
    /// on.</summary>
    public void Release()
    {
        if (_isRented && _sample.Length != 0)
        {
            ArrayPool<byte>.Shared.Return(_sample);
            _sample = [];
        }
    }

    /// <summary>The data of an event that matches.</summary>
    public ReadOnlySpan<byte> Data(ReadOnlySpan<byte> raw) => raw[_dataStart..^(_length - _dataEnd)];

    /// <summary>The first bytes of an event of this shape as they mostly are.</summary>
    public ReadOnlySpan<byte> Beginning(int length) => _sample.AsSpan(0, length);

    /// <summary>Whether <paramref name="bytes"/> begin with an event of this shape; tells the observer its output where
    /// they do.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="maxDataLength">How long the data may be.</param>
    /// <param name="output">The observer.</param>
    /// <param name="length">The event's length; where it is cut, how many bytes there are where they are just the
    /// <see cref="Beginning"/>, so that they need not be kept, else 0.</param>
    public TemplateMatch Match(ReadOnlySpan<byte> bytes, long maxDataLength, ITemplateObserver output, out int length)
    {
        if (bytes.Length < _shortest)
        {
            if (!Counts && bytes.Length <= _holes[BitOperations.TrailingZeroCount(_changing)].Start
                && Beginning(bytes.Length).SequenceEqual(bytes))
            {
                length = bytes.Length;
                return TemplateMatch.Cut;
            }

            // They may be cut: whether they are of this shape is looked at when there are more of them, unless they
            // begin otherwise or a line ends behind the beginning.
            length = 0;
            int known = Math.Min(bytes.Length, _holes[0].Start);
            return bytes[..known].SequenceEqual(_sample.AsSpan(0, known)) && !bytes[known..].Contains((byte)'\n')
                ? TemplateMatch.Cut : TemplateMatch.None;
        }

        TemplateMatch match = Match(bytes, 0, _changing, maxDataLength, output, out length);
        int all = (1 << _holes.Length) - 1;
        if (match == TemplateMatch.None && _changing != all)
        {
            // What is no output is taken to stay as it was (an item's id does, and a time in seconds for many events)
            // until it has changed once.
            match = Match(bytes, 0, all, maxDataLength, output, out length);
            if (match == TemplateMatch.Whole)
            {
                FindChanging(bytes);
            }
        }

        return match;
    }

    /// <summary>Whether <paramref name="bytes"/> begin with the rest of an event whose first bytes were the
    /// <see cref="Beginning"/>.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="begun">How long the beginning was.</param>
    /// <param name="maxDataLength">How long the data may be.</param>
    /// <param name="output">The observer.</param>
    /// <param name="length">The length of the rest.</param>
    public TemplateMatch MatchRest(ReadOnlySpan<byte> bytes, int begun, long maxDataLength, ITemplateObserver output, out int length)
    {
        int changing = _changing;
        while (_holes[BitOperations.TrailingZeroCount(changing)].Start < begun)
        {
            changing &= changing - 1; // Another stream of a shared shape has seen it change meanwhile: here it was as it mostly is.
        }

        return Match(bytes, begun, changing, maxDataLength, output, out length);
    }

    private TemplateMatch Match(
        ReadOnlySpan<byte> bytes, int begun, int changing, long maxDataLength, ITemplateObserver output, out int length)
    {
        length = 0;
        int at = 0, sampleAt = begun, outputAt = 0;
        StringScan text = default;
        int outputHole = 0;
        TemplateSlot[] holes = _holes;
        for (; changing != 0; changing &= changing - 1)
        {
            int index = BitOperations.TrailingZeroCount(changing);
            ref TemplateSlot hole = ref holes[index];
            ReadOnlySpan<byte> literal = _sample.AsSpan(sampleAt, hole.Start - sampleAt);
            if (!bytes[at..].StartsWith(literal))
            {
                return IsCut(bytes[at..], literal);
            }

            at += literal.Length;
            int holeLength;
            ulong number = 0;
            if (hole.Kind <= HoleKind.Count)
            {
                holeLength = NumberLength(bytes[at..], hole.Kind, out number);
            }
            else
            {
                StringScan scan = JsonStringScanner.Scan(bytes, at);
                holeLength = scan.Length;
                if (hole.Kind == HoleKind.Output)
                {
                    text = scan;
                    outputAt = at;
                    outputHole = index;
                }
            }

            if (holeLength <= 0)
            {
                return at == bytes.Length ? TemplateMatch.Cut : TemplateMatch.None;
            }

            at += holeLength;
            if (at == bytes.Length)
            {
                return TemplateMatch.Cut;
            }

            if (hole.Kind == HoleKind.Count)
            {
                // Counts that grow can be left out up to the last one. One that shrinks is the parser's to judge. That
                // of an event that does not match further on is kept too: it makes the next ones parsed at most.
                ref ulong count = ref _counts[index];
                if (number < count)
                {
                    return TemplateMatch.None;
                }

                count = number;
            }

            sampleAt = hole.End;
        }

        ReadOnlySpan<byte> tail = _sample.AsSpan(sampleAt, _length - sampleAt);
        if (!_isPadded && bytes[at..].StartsWith(tail))
        {
            at += tail.Length;
        }
        else if (MatchPaddedEnd(bytes, ref at, sampleAt) is var end and not TemplateMatch.Whole)
        {
            return end;
        }

        if (begun + at - _dataStart - (_length - _dataEnd) > maxDataLength)
        {
            return TemplateMatch.None;
        }

        length = at;
        if (Counts)
        {
            output.OnCountedOutput((OutputKind)holes[outputHole].Output, text);
        }
        else
        {
            output.OnOutput((OutputKind)holes[outputHole].Output, holes[outputHole].Choice, bytes[outputAt..], text);
        }

        return TemplateMatch.Whole;
    }

    private static TemplateMatch IsCut(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> literal) =>
        literal.StartsWith(bytes) ? TemplateMatch.Cut : TemplateMatch.None;

    // The last literal, then the closing brackets with any spaces among them (Anthropic pads its events so), then the
    // rest of the line and the blank line.
    private TemplateMatch MatchPaddedEnd(ReadOnlySpan<byte> bytes, ref int at, int sampleAt)
    {
        ReadOnlySpan<byte> literal = _sample.AsSpan(sampleAt, _closersStart - sampleAt);
        if (!bytes[at..].StartsWith(literal))
        {
            return IsCut(bytes[at..], literal);
        }

        at += literal.Length;
        ReadOnlySpan<byte> closers = _sample.AsSpan(_closersStart, _dataEnd - _closersStart);
        if (!TrySkipClosers(bytes, ref at, closers) && SkipClosers(bytes, ref at, closers) is var found and not TemplateMatch.Whole)
        {
            return found;
        }

        ReadOnlySpan<byte> end = _sample.AsSpan(_dataEnd, _length - _dataEnd);
        if (!bytes[at..].StartsWith(end))
        {
            return IsCut(bytes[at..], end);
        }

        at += end.Length;
        _isPadded = true;
        return TemplateMatch.Whole;
    }

    // They mostly lie within 32 bytes, whose spaces are found at once. At the end of the bytes some before them are
    // among the 32, and shifted out.
    private static bool TrySkipClosers(ReadOnlySpan<byte> bytes, ref int at, ReadOnlySpan<byte> closers)
    {
        if (!Vector256.IsHardwareAccelerated || bytes.Length < Vector256<byte>.Count || at == bytes.Length)
        {
            return false;
        }

        int from = Math.Min(at, bytes.Length - Vector256<byte>.Count);
        Vector256<byte> next = Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(bytes), (uint)from);
        uint others = (~Vector256.Equals(next, Vector256.Create((byte)' '))).ExtractMostSignificantBits() >> (at - from);
        int end = at;
        foreach (byte closer in closers)
        {
            end = at + BitOperations.TrailingZeroCount(others);
            if (others == 0 || bytes[end] != closer)
            {
                return false;
            }

            others &= others - 1;
            end++;
        }

        at = end;
        return true;
    }

    private static TemplateMatch SkipClosers(ReadOnlySpan<byte> bytes, ref int at, ReadOnlySpan<byte> closers)
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

    private void FindChanging(ReadOnlySpan<byte> bytes)
    {
        int at = 0, sampleAt = 0;
        for (int i = 0; i < _holes.Length; i++)
        {
            TemplateSlot hole = _holes[i];
            at += hole.Start - sampleAt;
            int length = hole.Kind <= HoleKind.Count
                ? NumberLength(bytes[at..], hole.Kind, out _) : JsonStringScanner.Scan(bytes, at).Length;
            if (!bytes.Slice(at, length).SequenceEqual(_sample.AsSpan(hole.Start, hole.End - hole.Start)))
            {
                _changing |= (ushort)(1 << i);
            }

            at += length;
            sampleAt = hole.End;
        }
    }

    /// <summary>Whether a number can be a count of a template: digits alone, no 0, which may mean that nothing is known
    /// yet, and none so large that it is no count.</summary>
    public static bool IsCount(ReadOnlySpan<byte> number) => NumberLength(number, HoleKind.Count, out _) == number.Length;

    // The length of a whole number without a sign; the whole length where it may go on; -1 where it is none, or no
    // count. Counts are ordered as their digits are, of which eight are read at once.
    private static int NumberLength(ReadOnlySpan<byte> bytes, HoleKind kind, out ulong order)
    {
        const int MaxCountDigits = sizeof(ulong) - 1;
        int length = 0;
        order = 0;
        if (bytes.Length >= sizeof(ulong))
        {
            ulong word = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            // Right up to the first byte that is no digit.
            ulong others = ((word + 0x4646464646464646) | (word - 0x3030303030303030)) & 0x8080808080808080;
            length = BitOperations.TrailingZeroCount(others) / 8;
            order = length == 0 ? 0 : BinaryPrimitives.ReverseEndianness(word) >> (64 - (8 * length));
        }

        if (length == sizeof(ulong) || bytes.Length < sizeof(ulong))
        {
            while (length < bytes.Length && char.IsAsciiDigit((char)bytes[length]))
            {
                order = (order << 8) | bytes[length++];
            }
        }

        bool isOdd = length > 0 && bytes[0] == (byte)'0'
            ? length > 1 || kind == HoleKind.Count : length > MaxCountDigits && kind == HoleKind.Count;
        return isOdd ? -1 : length;
    }
}
