using StreamUsage.Accounting;
using StreamUsage.Parsing;

namespace StreamUsage.Framing.Templates;

/// <summary>The shapes that a stream has shown, the last one seen first. Few at a time: a stream writes text, or
/// reasons, or calls a tool. A mutable struct: keep it in a field, never copy it.</summary>
internal struct EventTemplateCache
{
    private const int MaxUnused = 16;

    private EventTemplate? _first, _second, _third;
    private uint _matches, _learned;
    private bool _counts; // Whether the events of the shapes count: all do, or none.

    /// <summary>Whether learning has paid so far: a stream whose events are all different is left to the full
    /// parser.</summary>
    public readonly bool IsLearning => _learned < MaxUnused + (_matches / MaxUnused);

    /// <summary>Whether there is a shape to match.</summary>
    public readonly bool IsAny => _first is not null;

    /// <summary>The length of an event of the shape that was seen last, without its output; 0 where there is
    /// none.</summary>
    public readonly int Length => _first?.Length ?? 0;

    /// <summary>The shape that was matched last.</summary>
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

        // What is only the beginning of one is no other's whole event.
        return _second is null || length != 0 ? match : MatchOthers(match, bytes, maxDataLength, output, out length);
    }

    /// <summary>As <see cref="EventTemplate.MatchRest"/>, of the shape that was cut.</summary>
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
        if (TemplateLearner.Learn(raw, dataStart, streamEvent, parser, state) is { } shape)
        {
            if (_counts != shape.Counts)
            {
                Forget(); // Those that count nothing hold for the counts as they were.
                _counts = shape.Counts;
            }

            _third?.Release();
            (_first, _second, _third) = (shape, _first, _second);
        }
    }

    /// <summary>The state has changed: what was learned may not hold any more.</summary>
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
