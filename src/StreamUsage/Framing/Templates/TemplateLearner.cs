using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Buffers;
using StreamUsage.Parsing;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Framing.Templates;

/// <summary>
/// Learns the shape of an event that has just been read and left the state as it was, but for its counts. Which values are holes is a guess from their names, and the guess is checked: with other
/// texts in them the parser must leave the state as it is again, and tell of just those texts; with other counts it must change the counts alone, and back again when it reads the event once more.
/// </summary>
internal sealed class TemplateLearner : IOutputObserver
{
    private const int MaxLength = 2048;
    private const int MaxHoles = 16;

    [ThreadStatic]
    private static TemplateLearner? s_last;

    private (OutputKind Kind, int Choice, int Hole) _output;
    private bool _counts;
    private int _outputs;
    private bool _toldOfMore;

    private TemplateLearner()
    {
    }

    /// <summary>The event's shape; null where it has none that can be relied on.</summary>
    /// <param name="raw">The event's bytes, from the first of its first line to its blank line.</param>
    /// <param name="dataStart">Where in them its data begins.</param>
    /// <param name="streamEvent">The event; its data lies in <paramref name="raw"/> in one piece.</param>
    /// <param name="parser">The parser that read it.</param>
    /// <param name="state">The state after it.</param>
    public static EventTemplate? Learn(ReadOnlySpan<byte> raw, int dataStart, StreamEvent streamEvent, IUsageParser parser, in UsageAccumulator state)
    {
        if (raw.Length > MaxLength || parser is not ITemplatedProtocol wire || raw[^1] != (byte)'\n')
        {
            return null;
        }

        Span<TemplateSlot> room = stackalloc TemplateSlot[MaxHoles];
        try
        {
            Span<TemplateSlot> holes = room[..FindHoles(streamEvent.Data, dataStart, wire, room)];
            TemplateLearner learner = s_last ??= new TemplateLearner();
            learner._counts = learner._toldOfMore = false;
            learner._outputs = 0;
            return learner.IsRight(raw, dataStart, streamEvent, parser, state, holes) ? MakeShape(raw, dataStart, dataStart + streamEvent.Data.Length, holes) : null;
        }
        catch (JsonException)
        {
            return null; // The parser passes by what it does not need, well-formed or not.
        }
    }

    void IOutputObserver.OnOutput(OutputKind kind, int choiceIndex, ReadOnlySpan<byte> utf8, bool isEscaped)
    {
        int hole = utf8.Length == 3 && utf8[0] == (byte)'<' && utf8[2] == (byte)'>' ? utf8[1] - 'a' : -1;
        _toldOfMore |= hole is < 0 or >= MaxHoles || _outputs++ != 0;
        _output = (kind, choiceIndex, hole);
    }

    void IOutputObserver.OnReportedUsage(ReadOnlySpan<byte> utf8Json, bool isCumulative) => _toldOfMore |= !_counts;

    void IOutputObserver.OnMessage(ReadOnlySpan<byte> role, bool isNew) => _toldOfMore |= isNew;

    void IOutputObserver.OnIgnoredCount(ReadOnlySpan<byte> name) => _toldOfMore = true;

    // Values of free properties: strings that are not empty, and numbers. None where there are too many.
    private static int FindHoles(ReadOnlySpan<byte> data, int dataStart, ITemplatedProtocol wire, Span<TemplateSlot> holes)
    {
        int count = 0;
        Utf8JsonReader reader = Utf8Json.Read(data);
        bool isFree = false, isCount = false;
        reader.Read();
        while (reader.Read() && reader.CurrentDepth > 0)
        {
            if (reader.TokenType == JsonTokenType.PropertyName)
            {
                isFree = wire.IsFree(reader.ValueSpan);
                isCount = wire.IsCount(reader.ValueSpan);
                continue;
            }

            bool isString = reader.TokenType == JsonTokenType.String;
            isCount &= EventTemplate.IsCount(reader.ValueSpan);
            if (isString ? isFree && !reader.ValueSpan.IsEmpty : (isFree || isCount) && reader.TokenType == JsonTokenType.Number)
            {
                if (count == holes.Length)
                {
                    return 0;
                }

                int start = dataStart + (int)reader.TokenStartIndex + (isString ? 1 : 0);
                holes[count++] = new TemplateSlot((ushort)start, (ushort)(start + reader.ValueSpan.Length), isString ? HoleKind.Unread : isCount ? HoleKind.Count : HoleKind.Number);
            }

            isFree = isCount = false;
        }

        return count;
    }

    private bool IsRight(ReadOnlySpan<byte> raw, int dataStart, StreamEvent streamEvent, IUsageParser parser, in UsageAccumulator state, Span<TemplateSlot> holes)
    {
        foreach (TemplateSlot hole in holes)
        {
            _counts |= hole.Kind == HoleKind.Count;
        }

        if (_counts && !streamEvent.Type.IsEmpty)
        {
            return false;
        }

        var filled = new PooledBuffer();
        try
        {
            Fill(raw, holes, ref filled);
            ReadOnlySpan<byte> data = filled.Span.Slice(dataStart, streamEvent.Data.Length + filled.Length - raw.Length);
            var filledEvent = new StreamEvent(streamEvent.Type, data, streamEvent.IsWholeBody);
            UsageAccumulator before = _counts ? state with { Tokens = default } : state;
            UsageAccumulator next = parser.Apply(filledEvent.With(this), before);
            bool isRight = !_toldOfMore && _outputs == 1 && TryAssign(holes);
            return isRight && (_counts ? OnlyCounts(next, parser.Apply(streamEvent.With(this), before), before, state) : next == state);
        }
        finally
        {
            filled.Release();
        }
    }

    // Marks in the holes: <a>, <b>, and so on, or a number of one's own.
    private static void Fill(ReadOnlySpan<byte> raw, ReadOnlySpan<TemplateSlot> holes, ref PooledBuffer filled)
    {
        int at = 0;
        for (int i = 0; i < holes.Length; i++)
        {
            filled.Append(raw[at..holes[i].Start]);
            filled.Append(holes[i].Kind <= HoleKind.Count ? [(byte)'7', (byte)('0' + (i % 10))] : [(byte)'<', (byte)('a' + i), (byte)'>']);
            at = holes[i].End;
        }

        filled.Append(raw[at..]);
    }

    // The output's count must be among them: only then does the parser take all counts from the event alone. A choice of several may count for itself, and of two names of a count only the parser knows which stands.
    private static bool OnlyCounts(in UsageAccumulator filled, in UsageAccumulator own, in UsageAccumulator before, in UsageAccumulator state) =>
        filled.Tokens.OutputTokens != own.Tokens.OutputTokens && filled.IsOutputReported && own.IsOutputReported && own.CountsOutput
        && filled with { Tokens = default } == before && own with { Tokens = default } == before
        && state.Choices.IsFirstAlone && !state.Tokens.Noted.HasFlag(ReportedTokens.Notes.HasTwoNames);

    // Without its output and without padding: they are each event's own.
    private static EventTemplate MakeShape(ReadOnlySpan<byte> raw, int dataStart, int dataEnd, Span<TemplateSlot> holes)
    {
        int output = 0;
        while (holes[output].Kind != HoleKind.Output)
        {
            output++;
        }

        (ushort start, ushort end) = (holes[output].Start, holes[output].End);
        Span<byte> sample = stackalloc byte[MaxLength];
        raw[..start].CopyTo(sample);
        raw[end..].CopyTo(sample[start..]);
        ushort left = (ushort)(end - start);
        dataEnd -= left;
        holes[output] = holes[output] with { End = start };
        foreach (ref TemplateSlot hole in holes[(output + 1)..])
        {
            hole = hole with { Start = (ushort)(hole.Start - left), End = (ushort)(hole.End - left) };
        }

        sample = sample[..(raw.Length - left)];
        int unpaddedEnd = RemovePadding(sample[..dataEnd], Math.Max(holes[^1].End, sample[..dataEnd].LastIndexOfAnyExcept("}] "u8) + 1));
        sample[dataEnd..].CopyTo(sample[unpaddedEnd..]);
        return SharedTemplates.Get(sample[..(sample.Length - dataEnd + unpaddedEnd)], holes, dataStart, unpaddedEnd);
    }

    // The closing brackets, which may have spaces among them, move up to each other; returns where they end.
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

    private bool TryAssign(Span<TemplateSlot> holes)
    {
        if (_output.Hole >= holes.Length || holes[_output.Hole].Kind != HoleKind.Unread || _output.Choice is < 0 or > ushort.MaxValue)
        {
            return false;
        }

        holes[_output.Hole] = holes[_output.Hole] with { Kind = HoleKind.Output, Output = (byte)_output.Kind, Choice = (ushort)_output.Choice };
        return true;
    }
}
