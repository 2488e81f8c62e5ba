using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Buffers;
using StreamUsage.Parsing;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Framing.Templates;

/// <summary>Learns the template of an event that changed nothing in the state but counts. Slots are guessed by their
/// names, and the guess is checked. With other texts, the parser must again leave the state unchanged, and report just
/// those texts. With other counts, it must change only the counts, and change them back on the original
/// event.</summary>
internal sealed class TemplateLearner : IOutputObserver
{
    private const int MaxLength = 2048;
    private const int MaxSlots = 16;

    [ThreadStatic]
    private static TemplateLearner? s_last;

    private (OutputKind Kind, int Choice, int Slot) _output;
    private bool _hasCounts;
    private int _outputs;
    private bool _hasReportedMore;

    private TemplateLearner()
    {
    }

    /// <summary>Returns the event's template; null if there is no reliable one.</summary>
    /// <param name="raw">The event's bytes, up to its blank line.</param>
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

        Span<TemplateSlot> room = stackalloc TemplateSlot[MaxSlots];
        try
        {
            Span<TemplateSlot> slots = room[..FindSlots(streamEvent.Data, dataStart, protocol, room)];
            TemplateLearner learner = s_last ??= new TemplateLearner();
            learner._hasCounts = learner._hasReportedMore = false;
            learner._outputs = 0;
            return learner.IsRight(raw, dataStart, streamEvent, parser, state, slots)
                ? MakeTemplate(raw, dataStart, dataStart + streamEvent.Data.Length, slots) : null;
        }
        catch (JsonException)
        {
            return null; // The parser may skip malformed parts that it does not need.
        }
    }

    void IOutputObserver.OnOutput(OutputKind kind, int choiceIndex, ReadOnlySpan<byte> utf8, bool isEscaped)
    {
        int slot = utf8.Length == 3 && utf8[0] == (byte)'<' && utf8[2] == (byte)'>' ? utf8[1] - 'a' : -1;
        _hasReportedMore |= slot is < 0 or >= MaxSlots || _outputs++ != 0;
        _output = (kind, choiceIndex, slot);
    }

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

    private bool IsRight(ReadOnlySpan<byte> raw, int dataStart, StreamEvent streamEvent, IUsageParser parser, in UsageAccumulator state,
        Span<TemplateSlot> slots)
    {
        foreach (TemplateSlot slot in slots)
        {
            _hasCounts |= slot.Kind == SlotKind.Count;
        }

        if (_hasCounts && !streamEvent.Type.IsEmpty)
        {
            return false; // The last counting event is parsed later, without its type.
        }

        var filled = new PooledBuffer();
        try
        {
            Fill(raw, slots, ref filled);
            ReadOnlySpan<byte> data = filled.Span.Slice(dataStart, streamEvent.Data.Length + filled.Length - raw.Length);
            var filledEvent = new StreamEvent(streamEvent.Type, data, streamEvent.IsWholeBody);
            UsageAccumulator before = _hasCounts ? state with { Tokens = default } : state;
            UsageAccumulator next = parser.Apply(filledEvent.With(this), before);
            bool isRight = !_hasReportedMore && _outputs == 1 && TryAssign(slots);
            return isRight && (_hasCounts ? OnlyCounts(next, parser.Apply(streamEvent.With(this), before), before, state) : next == state);
        }
        finally
        {
            filled.Release();
        }
    }

    // Fills string slots with marks (<a>, <b>, and so on), and number slots with 70 to 79.
    private static void Fill(ReadOnlySpan<byte> raw, ReadOnlySpan<TemplateSlot> slots, ref PooledBuffer filled)
    {
        int at = 0;
        for (int i = 0; i < slots.Length; i++)
        {
            filled.Append(raw[at..slots[i].Start]);
            filled.Append(slots[i].IsNumeric ? [(byte)'7', (byte)('0' + (i % 10))] : [(byte)'<', (byte)('a' + i), (byte)'>']);
            at = slots[i].End;
        }

        filled.Append(raw[at..]);
    }

    // Returns whether an event changed the counts and nothing else, filled or as it was.
    private static bool OnlyCounts(
        in UsageAccumulator filled, in UsageAccumulator own, in UsageAccumulator before, in UsageAccumulator state)
    {
        if (filled with { Tokens = default } != before || own with { Tokens = default } != before)
        {
            return false;
        }

        // The slots must include the output count. Without it, a count could come from an earlier event.
        if (filled.Tokens.OutputTokens == own.Tokens.OutputTokens
            || !filled.IsOutputReported || !own.IsOutputReported || !own.CountsOutput)
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
        int unpaddedEnd = RemovePadding(sample[..dataEnd], Math.Max(slots[^1].End, sample[..dataEnd].LastIndexOfAnyExcept("}] "u8) + 1));
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

    private bool TryAssign(Span<TemplateSlot> slots)
    {
        if (_output.Slot >= slots.Length || slots[_output.Slot].Kind != SlotKind.Unread || _output.Choice is < 0 or > ushort.MaxValue)
        {
            return false;
        }

        slots[_output.Slot] = slots[_output.Slot] with
        {
            Kind = SlotKind.Output,
            Output = (byte)_output.Kind,
            Choice = (ushort)_output.Choice,
        };
        return true;
    }
}
