using StreamUsage.Accounting;
using StreamUsage.Parsing;

namespace StreamUsage.Framing.Templates;

/// <summary>Represents the templates of a stream, the last used first. A stream needs few at a time: it writes text,
/// reasons, or calls a tool. A mutable struct: never copy it.</summary>
internal struct EventTemplateCache
{
    private const int MaxUnused = 16;

    private EventTemplate? _first, _second, _third;
    private uint _matches, _learned;
    private bool _counts; // Whether the templates count: all do, or none.

    /// <summary>Gets whether learning has paid off so far; else all events are parsed.</summary>
    public readonly bool IsLearning => _learned < MaxUnused + (_matches / MaxUnused);

    public readonly bool IsAny => _first is not null;

    /// <summary>Gets the sample length of the last used template; 0 if there is none.</summary>
    public readonly int Length => _first?.Length ?? 0;

    /// <summary>Gets the template that matched last.</summary>
    public readonly EventTemplate? Last => _first;

    public TemplateMatch Match(ReadOnlySpan<byte> bytes, long maxDataLength, ITemplateObserver output, out int length)
    {
        length = 0;
        TemplateMatch match = _first?.Match(bytes, maxDataLength, output, out length) ?? TemplateMatch.None;
        if (match == TemplateMatch.Whole)
        {
            _matches++;
            return match;
        }

        // The beginning of one template is never another's whole event.
        return _second is null || length != 0 ? match : MatchOthers(match, bytes, maxDataLength, output, out length);
    }

    /// <summary>Matches the rest of a cut event: <see cref="EventTemplate.MatchRest"/>.</summary>
    public TemplateMatch MatchRest(ReadOnlySpan<byte> bytes, int begun, long maxDataLength, ITemplateObserver output, out int length)
    {
        TemplateMatch match = _first!.MatchRest(bytes, begun, maxDataLength, output, out length);
        _matches += match == TemplateMatch.Whole ? 1u : 0;
        return match;
    }

    private TemplateMatch MatchOthers(
        TemplateMatch best, ReadOnlySpan<byte> bytes, long maxDataLength, ITemplateObserver output, out int length)
    {
        TemplateMatch match = _second!.Match(bytes, maxDataLength, output, out length);
        if (match == TemplateMatch.Whole)
        {
            _matches++;
            (_first, _second) = (_second, _first);
            return match;
        }

        best = match == TemplateMatch.Cut ? match : best;
        match = _third?.Match(bytes, maxDataLength, output, out length) ?? TemplateMatch.None;
        if (match == TemplateMatch.Whole)
        {
            _matches++;
            (_first, _second, _third) = (_third, _first, _second);
            return match;
        }

        length = 0;
        return match == TemplateMatch.Cut ? match : best;
    }

    public void Learn(ReadOnlySpan<byte> raw, int dataStart, StreamEvent streamEvent, IUsageParser parser, in UsageAccumulator state)
    {
        _learned++;
        if (TemplateLearner.Learn(raw, dataStart, streamEvent, parser, state) is { } template)
        {
            if (_counts != template.Counts)
            {
                Forget(); // Templates that do not count are valid only for the earlier counts.
                _counts = template.Counts;
            }

            _third?.Release();
            (_first, _second, _third) = (template, _first, _second);
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
}
