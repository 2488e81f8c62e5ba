using System.Buffers;
using System.Numerics;
using StreamUsage.Parsing;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Framing.Templates;

/// <summary>Represents an event that a stream repeats thousands of times: its bytes, framing included, with slots for
/// texts and numbers. If an event differs from the template only in its slots, the slots are read and the JSON is not
/// parsed. A template is valid for one state.</summary>
/// <remarks>A counting event changes only running token counts, so a later one replaces it. The parser reads only the
/// last event that matched a counting template.</remarks>
internal sealed class EventTemplate
{
    private readonly TemplateSlot[] _slots;
    private readonly ushort _dataStart, _dataEnd, _closersStart, _length;
    private readonly ushort _shortest; // The length of the shortest event that can match: each slot holds one byte.
    private readonly bool _isRented;
    private readonly ulong[] _lastCounts = []; // By slot; empty unless the template counts.
    private byte[] _sample;

    // Other streams change these in a shared template, without a lock. A lost update only costs time.
    private ushort _changing; // The slots that are known to change, a bit each. The others are expected to stay the same.
    private bool _isPadded; // Events have spaces between their closing brackets.

    /// <summary>Creates a template from the findings of <see cref="TemplateLearner"/>.</summary>
    /// <param name="sample">The event's bytes up to the blank line that ends it, without its output and its
    /// padding.</param>
    /// <param name="slots">The slots, in order; one is output, and empty. Other templates may share them.</param>
    /// <param name="dataStart">The start of the data.</param>
    /// <param name="dataEnd">The end of the data.</param>
    /// <param name="isShared">Whether other streams use the template too, so that nobody releases it.</param>
    public EventTemplate(ReadOnlySpan<byte> sample, TemplateSlot[] slots, int dataStart, int dataEnd, bool isShared)
    {
        _length = (ushort)sample.Length;
        _isRented = !isShared;
        _sample = isShared ? new byte[sample.Length] : ArrayPool<byte>.Shared.Rent(sample.Length);
        sample.CopyTo(_sample);
        _slots = slots;
        for (int i = 0; i < slots.Length; i++)
        {
            _changing |= (ushort)(slots[i].Kind == SlotKind.Output ? 1 << i : 0);
            HasCounts |= slots[i].Kind == SlotKind.Count;
        }

        _dataStart = (ushort)dataStart;
        _dataEnd = (ushort)dataEnd;
        _closersStart = (ushort)ClosingBrackets.StartIn(sample[..dataEnd], slots[^1].End);
        int shortest = sample.Length;
        foreach (TemplateSlot slot in slots)
        {
            shortest -= slot.End - slot.Start - 1;
        }

        _shortest = (ushort)shortest;
        if (HasCounts)
        {
            _lastCounts = new ulong[slots.Length];
            for (int i = 0; i < slots.Length; i++)
            {
                _ = slots[i].Kind == SlotKind.Count ? SlotNumber.Length(sample[slots[i].Start..], SlotKind.Count, out _lastCounts[i]) : 0;
            }
        }
    }

    /// <summary>Gets the length of the sample, without its output.</summary>
    public int Length => _length;

    /// <summary>Gets whether the template matches counting events.</summary>
    public bool HasCounts { get; }

    /// <summary>Returns whether a template of these parts would equal this one.</summary>
    public bool HasParts(ReadOnlySpan<byte> sample, ReadOnlySpan<TemplateSlot> slots, int dataStart, int dataEnd) =>
        dataStart == _dataStart && dataEnd == _dataEnd && sample.SequenceEqual(_sample.AsSpan(0, _length)) && slots.SequenceEqual(_slots);

    /// <summary>Releases the sample, unless other streams share it.</summary>
    public void Release()
    {
        if (_isRented && _sample.Length != 0)
        {
            ArrayPool<byte>.Shared.Return(_sample);
            _sample = [];
        }
    }

    /// <summary>Returns the data of a matching event.</summary>
    public ReadOnlySpan<byte> Data(ReadOnlySpan<byte> raw) => raw[_dataStart..^(_length - _dataEnd)];

    /// <summary>Returns the usual first bytes of an event.</summary>
    public ReadOnlySpan<byte> Beginning(int length) => _sample.AsSpan(0, length);

    /// <summary>Matches the event at the start of the bytes, and reports its output if it is whole.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="maxDataLength">The maximum length of the data.</param>
    /// <param name="output">The observer.</param>
    /// <param name="length">The event's length if it is whole. If it is cut: the number of bytes if they equal the
    /// <see cref="Beginning"/>, else 0, and the caller must keep them.</param>
    public TemplateMatch Match(ReadOnlySpan<byte> bytes, long maxDataLength, ITemplateObserver output, out int length)
    {
        if (bytes.Length < _shortest)
        {
            return MatchCut(bytes, out length);
        }

        TemplateMatch match = Match(bytes, 0, _changing, maxDataLength, output, out length);
        int all = (1 << _slots.Length) - 1;
        if (match == TemplateMatch.None && _changing != all)
        {
            // Slots other than output are expected to keep their value until they change once. An item's id does, and a
            // time in seconds for many events.
            match = Match(bytes, 0, all, maxDataLength, output, out length);
            if (match == TemplateMatch.Whole)
            {
                FindChanging(bytes);
            }
        }

        return match;
    }

    /// <summary>Matches the rest of an event whose first bytes equaled the <see cref="Beginning"/>.</summary>
    public TemplateMatch MatchRest(ReadOnlySpan<byte> bytes, int begun, long maxDataLength, ITemplateObserver output, out int length)
    {
        int changing = _changing;
        while (_slots[BitOperations.TrailingZeroCount(changing)].Start < begun)
        {
            changing &= changing - 1; // Another stream marked this slot meanwhile; here it had its usual value.
        }

        return Match(bytes, begun, changing, maxDataLength, output, out length);
    }

    private TemplateMatch Match(
        ReadOnlySpan<byte> bytes, int begun, int changing, long maxDataLength, ITemplateObserver output, out int length)
    {
        length = 0;
        int at = 0, sampleAt = begun, outputAt = 0;
        StringScan text = default;
        int outputSlot = 0;
        TemplateSlot[] slots = _slots;
        for (; changing != 0; changing &= changing - 1)
        {
            int index = BitOperations.TrailingZeroCount(changing);
            ref TemplateSlot slot = ref slots[index];
            ReadOnlySpan<byte> literal = _sample.AsSpan(sampleAt, slot.Start - sampleAt);
            if (!bytes[at..].StartsWith(literal))
            {
                return CutOrNone(bytes[at..], literal);
            }

            at += literal.Length;
            int slotLength;
            ulong number = 0;
            if (slot.IsNumeric)
            {
                slotLength = SlotNumber.Length(bytes[at..], slot.Kind, out number);
            }
            else
            {
                StringScan scan = JsonStringScanner.Scan(bytes, at);
                slotLength = scan.Length;
                if (slot.Kind == SlotKind.Output)
                {
                    text = scan;
                    outputAt = at;
                    outputSlot = index;
                }
            }

            if (slotLength <= 0)
            {
                return at == bytes.Length ? TemplateMatch.Cut : TemplateMatch.None;
            }

            at += slotLength;
            if (at == bytes.Length)
            {
                return TemplateMatch.Cut;
            }

            if (slot.Kind == SlotKind.Count)
            {
                // Growing counts can be skipped up to the last one. A count that shrinks is left to the parser. If the
                // event fails to match later on, its count stays here: at worst, the next events are parsed.
                ref ulong count = ref _lastCounts[index];
                if (number < count)
                {
                    return TemplateMatch.None;
                }

                count = number;
            }

            sampleAt = slot.End;
        }

        ReadOnlySpan<byte> tail = _sample.AsSpan(sampleAt, _length - sampleAt);
        if (!_isPadded && bytes[at..].StartsWith(tail))
        {
            at += tail.Length;
        }
        else if (MatchPaddedEnd(bytes, ref at, sampleAt) is var match and not TemplateMatch.Whole)
        {
            return match;
        }

        if (begun + at - _dataStart - (_length - _dataEnd) > maxDataLength)
        {
            return TemplateMatch.None;
        }

        length = at;
        if (HasCounts)
        {
            output.OnCountedOutput((OutputKind)slots[outputSlot].Output, text);
        }
        else
        {
            output.OnOutput((OutputKind)slots[outputSlot].Output, slots[outputSlot].Choice, bytes[outputAt..], text);
        }

        return TemplateMatch.Whole;
    }

    // Matches bytes that are shorter than any event of the template.
    private TemplateMatch MatchCut(ReadOnlySpan<byte> bytes, out int length)
    {
        // Bytes that equal the beginning need not be kept. A counting event is needed whole.
        if (!HasCounts && bytes.Length <= _slots[BitOperations.TrailingZeroCount(_changing)].Start
            && Beginning(bytes.Length).SequenceEqual(bytes))
        {
            length = bytes.Length;
            return TemplateMatch.Cut;
        }

        // Other bytes are kept, and matched when more arrive. They are no event of the template if they differ before
        // the first slot, or if a line ends behind it.
        length = 0;
        int known = Math.Min(bytes.Length, _slots[0].Start);
        return bytes[..known].SequenceEqual(_sample.AsSpan(0, known)) && !bytes[known..].Contains((byte)'\n')
            ? TemplateMatch.Cut : TemplateMatch.None;
    }

    private static TemplateMatch CutOrNone(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> literal) =>
        literal.StartsWith(bytes) ? TemplateMatch.Cut : TemplateMatch.None;

    // Matches the last literal, the closing brackets with spaces between them (Anthropic's padding), and the blank
    // line.
    private TemplateMatch MatchPaddedEnd(ReadOnlySpan<byte> bytes, ref int at, int sampleAt)
    {
        ReadOnlySpan<byte> literal = _sample.AsSpan(sampleAt, _closersStart - sampleAt);
        if (!bytes[at..].StartsWith(literal))
        {
            return CutOrNone(bytes[at..], literal);
        }

        at += literal.Length;
        ReadOnlySpan<byte> closers = _sample.AsSpan(_closersStart, _dataEnd - _closersStart);
        if (ClosingBrackets.Match(bytes, ref at, closers) is var match and not TemplateMatch.Whole)
        {
            return match;
        }

        ReadOnlySpan<byte> end = _sample.AsSpan(_dataEnd, _length - _dataEnd);
        if (!bytes[at..].StartsWith(end))
        {
            return CutOrNone(bytes[at..], end);
        }

        at += end.Length;
        _isPadded = true;
        return TemplateMatch.Whole;
    }

    private void FindChanging(ReadOnlySpan<byte> bytes)
    {
        int at = 0, sampleAt = 0;
        for (int i = 0; i < _slots.Length; i++)
        {
            TemplateSlot slot = _slots[i];
            at += slot.Start - sampleAt;
            int length = slot.IsNumeric
                ? SlotNumber.Length(bytes[at..], slot.Kind, out _) : JsonStringScanner.Scan(bytes, at).Length;
            if (!bytes.Slice(at, length).SequenceEqual(_sample.AsSpan(slot.Start, slot.End - slot.Start)))
            {
                _changing |= (ushort)(1 << i);
            }

            at += length;
            sampleAt = slot.End;
        }
    }
}
