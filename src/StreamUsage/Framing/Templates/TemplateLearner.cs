using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Buffers;
using StreamUsage.Parsing;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Framing.Templates;

/// <summary>Learns the template of an event that changed nothing in the state but counts. Slots are guessed by their
/// names. The guess is checked with a copy of the event whose slots are filled with other values: the parser must again
/// leave the state unchanged, and report the text of one slot as the only output. If the event counts, both the filled
/// and the original event are applied to the state without counts. Each may set only counts, and their output counts
/// must differ.</summary>
internal sealed class TemplateLearner : IOutputObserver
{
    private const int MaxLength = 2048;
    private const int MaxSlots = 16;

    [ThreadStatic]
    private static TemplateLearner? s_learner;

    private PooledBuffer _filled; // The event with its slots filled.
    private (OutputKind Kind, int Choice, int Start, int Length) _output; // Its place is in the filled event.
    private bool _hasCounts;
    private int _outputs;
    private bool _hasReportedMore;

    private TemplateLearner()
    {
    }

    /// <summary>Returns the event's template; null if there is no reliable one.</summary>
    /// <param name="raw">The event's bytes, up to the blank line that ends it.</param>
    /// <param name="dataStart">The start of the data.</param>
    /// <param name="streamEvent">The event; its data is contiguous in <paramref name="raw"/>.</param>
    /// <param name="parser">The parser that read the event.</param>
    /// <param name="state">The state after the event.</param>
    public static EventTemplate? Learn(
        ReadOnlySpan<byte> raw, int dataStart, StreamEvent streamEvent, IUsageParser parser, in UsageAccumulator state)
    {
        if (raw.Length > MaxLength || parser is not ITemplatedProtocol protocol || raw[^1] != (byte)'\n')
        {
            return null;
        }

        Span<TemplateSlot> slotBuffer = stackalloc TemplateSlot[MaxSlots];
        try
        {
            Span<TemplateSlot> slots = slotBuffer[..FindSlots(streamEvent.Data, dataStart, protocol, slotBuffer)];
            TemplateLearner learner = s_learner ??= new TemplateLearner();
            learner._hasCounts = learner._hasReportedMore = false;
            learner._outputs = 0;
            return learner.HoldsForOtherValues(raw, dataStart, streamEvent, parser, state, slots)
                ? MakeTemplate(raw, dataStart, dataStart + streamEvent.Data.Length, slots) : null;
        }
        catch (JsonException)
        {
            return null; // The parser may skip malformed parts that it does not need.
        }
    }

    void IOutputObserver.OnOutput(OutputKind kind, int choiceIndex, ReadOnlySpan<byte> utf8, bool isEscaped)
    {
        // The place identifies the slot: other text may equal what the slots are filled with.
        _hasReportedMore |= !_filled.Span.Overlaps(utf8, out int start) || _outputs++ != 0;
        _output = (kind, choiceIndex, start, utf8.Length);
    }

    // A counting event reports its usage; any other must not have one.
    void IOutputObserver.OnReportedUsage(ReadOnlySpan<byte> utf8Json, bool isCumulative) => _hasReportedMore |= !_hasCounts;

    void IOutputObserver.OnMessage(ReadOnlySpan<byte> role, bool isNew) => _hasReportedMore |= isNew;

    void IOutputObserver.OnIgnoredCount(ReadOnlySpan<byte> name) => _hasReportedMore = true;

    // Finds non-empty strings and numbers of properties that may vary. Returns none if there are too many.
    private static int FindSlots(ReadOnlySpan<byte> data, int dataStart, ITemplatedProtocol protocol, Span<TemplateSlot> slots)
    {
        int count = 0;
        Utf8JsonReader reader = Utf8Json.Read(data);
        bool mayVary = false, isCount = false;
        reader.Read();
        while (reader.Read() && reader.CurrentDepth > 0)
        {
            if (reader.TokenType == JsonTokenType.PropertyName)
            {
                mayVary = protocol.MayVary(reader.ValueSpan);
                isCount = protocol.IsCount(reader.ValueSpan);
                continue;
            }

            bool isString = reader.TokenType == JsonTokenType.String;
            isCount &= SlotNumber.IsCount(reader.ValueSpan);
            if (isString ? mayVary && !reader.ValueSpan.IsEmpty : (mayVary || isCount) && reader.TokenType == JsonTokenType.Number)
            {
                if (count == slots.Length)
                {
                    return 0;
                }

                int start = dataStart + (int)reader.TokenStartIndex + (isString ? 1 : 0);
                SlotKind kind = isString ? SlotKind.Unread : isCount ? SlotKind.Count : SlotKind.Number;
                slots[count++] = new TemplateSlot((ushort)start, (ushort)(start + reader.ValueSpan.Length), kind);
            }

            mayVary = isCount = false;
        }

        return count;
    }

    // Returns whether the parser confirms the slots. If so, one of them becomes the output's.
    private bool HoldsForOtherValues(ReadOnlySpan<byte> raw, int dataStart, StreamEvent streamEvent, IUsageParser parser,
        in UsageAccumulator state, Span<TemplateSlot> slots)
    {
        foreach (TemplateSlot slot in slots)
        {
            _hasCounts |= slot.Kind == SlotKind.Count;
        }

        if (_hasCounts && !streamEvent.Type.IsEmpty)
        {
            return false; // The last counting event is parsed later, without its type.
        }

        try
        {
            Fill(raw, slots);
            ReadOnlySpan<byte> data = _filled.Span.Slice(dataStart, streamEvent.Data.Length + _filled.Length - raw.Length);
            var filledEvent = new StreamEvent(streamEvent.Type, data, streamEvent.IsWholeBody);
            UsageAccumulator uncounted = _hasCounts ? state with { Tokens = default } : state;
            UsageAccumulator filled = parser.Apply(filledEvent.With(this), uncounted);
            if (_hasReportedMore || _outputs != 1 || !TryMarkOutputSlot(slots))
            {
                return false;
            }

            if (!_hasCounts)
            {
                return filled == state;
            }

            // It reports its output a second time, which does not matter.
            UsageAccumulator original = parser.Apply(streamEvent.With(this), uncounted);
            return SetOnlyCounts(filled, original, uncounted, state);
        }
        finally
        {
            _filled.Release();
        }
    }

    // Fills string slots with <a>, <b> and so on, and number slots with 70 to 79.
    private void Fill(ReadOnlySpan<byte> raw, ReadOnlySpan<TemplateSlot> slots)
    {
        int at = 0;
        for (int i = 0; i < slots.Length; i++)
        {
            _filled.Append(raw[at..slots[i].Start]);
            _filled.Append(slots[i].IsNumeric ? [(byte)'7', (byte)('0' + (i % 10))] : [(byte)'<', (byte)('a' + i), (byte)'>']);
            at = slots[i].End;
        }

        _filled.Append(raw[at..]);
    }

    // Returns the length of what a slot is filled with.
    private static int FilledLength(TemplateSlot slot) => slot.IsNumeric ? 2 : 3;

    // Finds the slot whose text was reported, and makes it the output's. Returns false if there is none.
    private bool TryMarkOutputSlot(Span<TemplateSlot> slots)
    {
        int growth = 0; // Of the slots before, by filling them.
        foreach (ref TemplateSlot slot in slots)
        {
            if (slot.Start + growth == _output.Start)
            {
                bool isWholeSlot = slot.Kind == SlotKind.Unread && _output.Length == FilledLength(slot);
                if (!isWholeSlot || _output.Choice is < 0 or > ushort.MaxValue)
                {
                    return false;
                }

                slot = slot with { Kind = SlotKind.Output, Output = (byte)_output.Kind, Choice = (ushort)_output.Choice };
                return true;
            }

            growth += FilledLength(slot) - (slot.End - slot.Start);
        }

        return false;
    }

    // Returns whether both events set counts and nothing else.
    private static bool SetOnlyCounts(
        in UsageAccumulator filled, in UsageAccumulator original, in UsageAccumulator uncounted, in UsageAccumulator state)
    {
        if (filled with { Tokens = default } != uncounted || original with { Tokens = default } != uncounted)
        {
            return false;
        }

        // The slots must include the output count. Without it, a count could come from an earlier event.
        if (filled.Tokens.OutputTokens == original.Tokens.OutputTokens
            || !filled.IsOutputReported || !original.IsOutputReported || !original.CountsOutput)
        {
            return false;
        }

        // One of several choices may have its own count.
        if (!state.Choices.IsFirstAlone)
        {
            return false;
        }

        // Only the parser knows which of two names of one count wins.
        return !state.Tokens.Noted.HasFlag(ReportedTokens.Notes.HasTwoNames);
    }

    // Leaves out the output and the padding, which differ from event to event.
    private static EventTemplate MakeTemplate(ReadOnlySpan<byte> raw, int dataStart, int dataEnd, Span<TemplateSlot> slots)
    {
        int output = 0;
        while (slots[output].Kind != SlotKind.Output)
        {
            output++;
        }

        (ushort start, ushort end) = (slots[output].Start, slots[output].End);
        Span<byte> sample = stackalloc byte[MaxLength];
        raw[..start].CopyTo(sample);
        raw[end..].CopyTo(sample[start..]);
        ushort left = (ushort)(end - start);
        dataEnd -= left;
        slots[output] = slots[output] with { End = start };
        foreach (ref TemplateSlot slot in slots[(output + 1)..])
        {
            slot = slot with { Start = (ushort)(slot.Start - left), End = (ushort)(slot.End - left) };
        }

        sample = sample[..(raw.Length - left)];
        int unpaddedEnd = RemovePadding(sample[..dataEnd], ClosingBrackets.StartIn(sample[..dataEnd], slots[^1].End));
        sample[dataEnd..].CopyTo(sample[unpaddedEnd..]);
        return SharedTemplates.GetOrCreate(sample[..(sample.Length - dataEnd + unpaddedEnd)], slots, dataStart, unpaddedEnd);
    }

    // Removes the spaces between the closing brackets; returns their end.
    private static int RemovePadding(Span<byte> data, int closersStart)
    {
        int end = closersStart;
        foreach (byte next in data[closersStart..])
        {
            if (next != (byte)' ')
            {
                data[end++] = next;
            }
        }

        return end;
    }
}
