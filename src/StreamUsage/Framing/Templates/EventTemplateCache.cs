using System.Runtime.CompilerServices;
using StreamUsage.Accounting;
using StreamUsage.Buffers;
using StreamUsage.Parsing;

namespace StreamUsage.Framing.Templates;

/// <summary>Skips the JSON of repeated events: matches events with the templates of the stream, keeps an event that a
/// read cuts, and learns templates from events that are parsed. A mutable struct: never copy it.</summary>
/// <remarks>The templates are ordered by their last use. A stream needs few at a time: it writes text, reasons, or
/// calls a tool.</remarks>
internal struct EventTemplateCache(ReaderSettings settings, EventReader events)
{
    // The learner may run 16 times, and once more for each 16 matches, so that it pays.
    private const int FreeLearnings = 16;
    private const int MatchesPerLearning = 16;

    // A usual piece of text.
    private const int UsualOutputLength = 96;

    // A cut event up to this size is kept until its blank line comes. A larger one goes to the decoder at once, whose
    // buffer counts toward the memory budget.
    private const int MaxCutEvent = BufferBudget.FreeBytes;

    // Turns off the templates, to rule them out as the cause of a fault.
    private static readonly bool ParsesEveryEvent = AppContext.TryGetSwitch("StreamUsage.ParseEveryEvent", out bool isOn) && isOn;

    private EventTemplate? _first, _second, _third;
    private EventTemplate? _counted; // The template of the last counting event.
    private PooledBuffer _cutEvent;
    private int _begunLength; // Of a cut event that is not kept, since it equals the first template's beginning.
    private uint _matches, _learned;
    private bool _haveCounts; // All templates match counting events, or none does.

    /// <summary>Gets whether the last read cut an event: see <see cref="MatchCutEvent"/>.</summary>
    public readonly bool HasCutEvent => _begunLength != 0 || _cutEvent.Length != 0;

    /// <summary>Gets the kept bytes of the cut event.</summary>
    public readonly ReadOnlySpan<byte> CutEvent => _cutEvent.Span;

    private readonly bool IsLearning => _learned < FreeLearnings + (_matches / MatchesPerLearning);

    private readonly int UsualLength => (_first?.Length ?? 0) + UsualOutputLength;

    /// <summary>Matches the event at the start of the bytes.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="length">The number of bytes that were read: of the event if it is whole, all if it is cut.</param>
    /// <returns>None if the event must be parsed. Cut if the next read must go to
    /// <see cref="MatchCutEvent"/>.</returns>
    public TemplateMatch Match(ReadOnlySpan<byte> bytes, out int length)
    {
        TemplateMatch match = MatchAny(bytes, out length);
        if (match == TemplateMatch.Whole)
        {
            Accept(bytes[..length]);
        }
        else if (match == TemplateMatch.Cut)
        {
            if (bytes.Length > MaxCutEvent)
            {
                return TemplateMatch.None;
            }

            if (length == 0)
            {
                _cutEvent.Reserve(UsualLength);
                _cutEvent.Append(bytes);
            }

            _begunLength = length;
            length = bytes.Length;
        }

        return match;
    }

    /// <summary>Matches the event that the last read cut, up to its blank line.</summary>
    /// <param name="bytes">The bytes that follow it.</param>
    /// <param name="length">The number of bytes that were read.</param>
    /// <returns>None if <see cref="CutEvent"/> must be parsed, and then released.</returns>
    public TemplateMatch MatchCutEvent(ReadOnlySpan<byte> bytes, out int length)
    {
        if (_begunLength != 0)
        {
            if (_first!.MatchRest(bytes, _begunLength, settings.MaxEventBytes, events, out length) == TemplateMatch.Whole)
            {
                _begunLength = 0;
                // Accept needs a whole event only of a counting template, and these never leave out the beginning.
                Accept(bytes[..length]);
                return TemplateMatch.Whole;
            }

            _cutEvent.Reserve(UsualLength);
            _cutEvent.Append(_first.Beginning(_begunLength));
            _begunLength = 0;
        }

        return TryCompleteAtOnce(bytes, out length) ? TemplateMatch.Whole : Complete(bytes, out length);
    }

    public void ReleaseCutEvent() => _cutEvent.Release();

    /// <summary>Parses an event that matched no template, and learns from it.</summary>
    /// <param name="streamEvent">The event.</param>
    /// <param name="raw">Its bytes, up to the blank line that ends it; empty if they are not contiguous.</param>
    /// <param name="dataStart">The start of the data in <paramref name="raw"/>.</param>
    public void Parse(StreamEvent streamEvent, ReadOnlySpan<byte> raw, int dataStart)
    {
        UsageAccumulator before = events.State;
        long outputBefore = events.OutputCharacters;
        bool isRead = events.Apply(streamEvent);
        UsageAccumulator after = events.State;
        if (after != before)
        {
            Forget();
        }

        // The event reported output, and changed nothing but counts.
        if (isRead && !raw.IsEmpty && events.OutputCharacters > outputBefore && after with { Tokens = before.Tokens } == before)
        {
            Learn(raw, dataStart, streamEvent);
        }
    }

    /// <summary>Discards the templates because the state has changed.</summary>
    public void Forget()
    {
        if (_first is not null)
        {
            _first.Release();
            _second?.Release();
            _third?.Release();
            _first = _second = _third = null;
        }
    }

    public void Release()
    {
        Forget();
        _cutEvent.Release();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Accept(ReadOnlySpan<byte> raw)
    {
        _matches++;
        EventTemplate template = _first!;
        if (!template.HasCounts)
        {
            events.OnMatched();
            return;
        }

        // Another template's events may lack some of the counts.
        events.OnCounted(template.Data(raw), hasSameCounts: ReferenceEquals(template, _counted));
        _counted = template;
    }

    private TemplateMatch MatchAny(ReadOnlySpan<byte> bytes, out int length)
    {
        length = 0;
        TemplateMatch match = _first?.Match(bytes, settings.MaxEventBytes, events, out length) ?? TemplateMatch.None;

        // The beginning of one template is never another's whole event.
        return match == TemplateMatch.Whole || _second is null || length != 0 ? match : MatchOthers(match, bytes, out length);
    }

    private TemplateMatch MatchOthers(TemplateMatch best, ReadOnlySpan<byte> bytes, out int length)
    {
        TemplateMatch match = _second!.Match(bytes, settings.MaxEventBytes, events, out length);
        if (match == TemplateMatch.Whole)
        {
            (_first, _second) = (_second, _first);
            return match;
        }

        best = match == TemplateMatch.Cut ? match : best;
        match = _third?.Match(bytes, settings.MaxEventBytes, events, out length) ?? TemplateMatch.None;
        if (match == TemplateMatch.Whole)
        {
            (_first, _second, _third) = (_third, _first, _second);
            return match;
        }

        length = 0;
        return match == TemplateMatch.Cut ? match : best;
    }

    // Tries the usual length before searching for the event's end.
    private bool TryCompleteAtOnce(ReadOnlySpan<byte> bytes, out int length)
    {
        int cut = _cutEvent.Length;
        _cutEvent.Append(bytes[..Math.Clamp(UsualLength - cut, 0, bytes.Length)]);
        if (MatchAny(_cutEvent.Span, out int whole) == TemplateMatch.Whole)
        {
            Accept(_cutEvent.Span[..whole]);
            _cutEvent.Release();
            length = whole - cut; // The cut part was no whole event, so the match ends after it.
            return true;
        }

        _cutEvent.Truncate(cut);
        length = 0;
        return false;
    }

    private TemplateMatch Complete(ReadOnlySpan<byte> bytes, out int length)
    {
        int cut = _cutEvent.Length;
        _cutEvent.Append(bytes[..Math.Min(bytes.Length, MaxCutEvent)]);
        int whole = FindBlankLine(_cutEvent.Span, cut);
        if (whole < 0 && _cutEvent.Length <= MaxCutEvent)
        {
            length = bytes.Length;
            return TemplateMatch.Cut;
        }

        if (whole >= 0)
        {
            _cutEvent.Truncate(whole);
        }

        length = _cutEvent.Length - cut;
        if (whole < 0 || MatchAny(_cutEvent.Span, out _) != TemplateMatch.Whole)
        {
            return TemplateMatch.None;
        }

        Accept(_cutEvent.Span); // The kept bytes end with the first blank line after the cut, which ends the event.
        _cutEvent.Release();
        return TemplateMatch.Whole;
    }

    // Returns the end of the first blank line that ends after the start; negative if there is none.
    private static int FindBlankLine(ReadOnlySpan<byte> bytes, int start)
    {
        for (int at = Math.Max(0, start - 2); at < bytes.Length; at++)
        {
            int length = bytes[at..].IndexOf((byte)'\n');
            if (length < 0)
            {
                break;
            }

            at += length;
            int end = at + 1 < bytes.Length && bytes[at + 1] == (byte)'\r' ? at + 2 : at + 1;
            if (end < bytes.Length && bytes[end] == (byte)'\n')
            {
                return end + 1;
            }
        }

        return -1;
    }

    // Events with a CR without LF are left to the decoder: it ends a line too, but a cut event's end is found by line
    // feeds.
    private void Learn(ReadOnlySpan<byte> raw, int dataStart, StreamEvent streamEvent)
    {
        if (!settings.LearnsTemplates || ParsesEveryEvent || events.TemplatedParser is not { } parser
            || raw.Count((byte)'\r') != raw.Count("\r\n"u8) || !IsLearning)
        {
            return;
        }

        _learned++;
        if (TemplateLearner.Learn(raw, dataStart, streamEvent, parser, events.State) is { } template)
        {
            if (_haveCounts != template.HasCounts)
            {
                // Counting events change the state, and a template without counts is valid for one state.
                Forget();
                _haveCounts = template.HasCounts;
            }

            _third?.Release();
            (_first, _second, _third) = (template, _first, _second);
        }
    }
}
