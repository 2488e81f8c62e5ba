using StreamUsage.Accounting;
using StreamUsage.Buffers;
using StreamUsage.Framing.Templates;
using StreamUsage.Parsing;
using StreamUsage.Sse;

namespace StreamUsage.Framing;

/// <summary>
/// Reads a body of server-sent events: those that differ from the ones before in their text only are matched with a learned shape, whatever a read cuts; the others are decoded and parsed. Objects without <c>data:</c> amid them are
/// read too. A mutable struct: keep it in a field, never copy it.
/// </summary>
internal struct SseBody(ReaderSettings settings, EventReader events)
{
    // A cut event is held back up to here for a learned shape to match it; past it the decoder takes over.
    private const int MaxCutEvent = BufferBudget.FreeBytes;

    // The switch for who does not trust a guess that is checked: each event is then parsed, at some ten times the cost.
    private static readonly bool ParsesEveryEvent = AppContext.TryGetSwitch("StreamUsage.ParseEveryEvent", out bool isOn) && isOn;

    private EventTemplateCache _shapes;
    private PooledBuffer _cutEvent;
    private int _begun; // Of a cut event that is not kept, because it is the beginning of the last shape: its length.
    private SseDecoder _sse = new(settings.MaxEventBytes, events);
    private JsonBodyDecoder? _json; // Of an object without data that has begun between events.
    private bool _isStream; // There were events: an object is a part of what is said, not an answer by itself.
    private bool _isAtEventStart;

    // Most events are as long as others of their shape, or a little longer.
    private readonly int UsualLength => _shapes.Length + 96;

    private readonly bool IsBetweenEvents => _json is null && _sse.IsBetweenEvents;

    public void Read(ReadOnlySpan<byte> bytes)
    {
        int at = _begun != 0 ? CompleteBegunEvent(bytes) : _cutEvent.Length != 0 ? CompleteCutEvent(bytes) : 0;
        while (at < bytes.Length)
        {
            if (_isAtEventStart && _shapes.IsAny)
            {
                switch (_shapes.Match(bytes[at..], settings.MaxEventBytes, events, out int length))
                {
                    case TemplateMatch.Whole:
                        events.Matched(_shapes.Last!, bytes.Slice(at, length));
                        at += length;
                        continue;
                    case TemplateMatch.Cut when length != 0:
                        _begun = length;
                        return;
                    case TemplateMatch.Cut:
                        _cutEvent.Reserve(UsualLength);
                        _cutEvent.Append(bytes[at..]);
                        return;
                }
            }

            DecodeEvent(bytes, ref at);
            _isAtEventStart = IsBetweenEvents;
        }
    }

    /// <summary>The body has ended: an unfinished last event counts where it is whole all the same.</summary>
    public void Finish()
    {
        DecodeCutEvent(); // One that has only begun is no whole event.
        FramingResult found = _sse.Finish();
        if (found is FramingResult.Event or FramingResult.Unfinished)
        {
            ReadOnlySpan<byte> data = _sse.GetData(ReadOnlySpan<byte>.Empty);
            data = found == FramingResult.Event ? data : UnfinishedData.WholeOf(data);
            if (!data.IsEmpty || found == FramingResult.Event)
            {
                events.Apply(new StreamEvent(_sse.GetType([]), data));
            }
        }
        else if (found == FramingResult.LargeEvent)
        {
            events.ApplyLarge(_sse.GetType([]), isWholeBody: false);
        }
    }

    public void Release()
    {
        _shapes.Forget();
        _cutEvent.Release();
        _sse.Release();
        _json?.Release();
    }

    private int CompleteBegunEvent(ReadOnlySpan<byte> bytes)
    {
        if (_shapes.MatchRest(bytes, _begun, settings.MaxEventBytes, events, out int length) == TemplateMatch.Whole)
        {
            _begun = 0;
            events.Matched(_shapes.Last!, bytes[..length]); // Not the whole event, whose data only a shape that counts needs: none of those is matched so.
            return length;
        }

        _cutEvent.Reserve(UsualLength);
        _cutEvent.Append(_shapes.Last!.Beginning(_begun));
        _begun = 0;
        return CompleteCutEvent(bytes);
    }

    // The rest of an event that the last read cut, up to its blank line. It may be of a learned shape; where it is not, the decoder gets it from its beginning.
    private int CompleteCutEvent(ReadOnlySpan<byte> bytes)
    {
        if (TryCompleteAtOnce(bytes, out int length))
        {
            return length;
        }

        int cut = _cutEvent.Length;
        _cutEvent.Append(bytes[..Math.Min(bytes.Length, MaxCutEvent)]);
        int whole = FindBlankLine(_cutEvent.Span, cut);
        bool isWhole = whole >= 0;
        if (!isWhole && _cutEvent.Length <= MaxCutEvent)
        {
            return bytes.Length;
        }

        if (isWhole)
        {
            _cutEvent.Truncate(whole);
        }

        int end = _cutEvent.Length - cut;
        ReadOnlySpan<byte> cutEvent = _cutEvent.Span;
        if (isWhole && _shapes.Match(cutEvent, settings.MaxEventBytes, events, out _) == TemplateMatch.Whole)
        {
            events.Matched(_shapes.Last!, cutEvent); // A shape ends with its blank line, and this is the only one here.
        }
        else
        {
            DecodeCutEvent();
        }

        _cutEvent.Release();
        return end;
    }

    // The end of the first blank line that ends in what follows the first bytes; negative where there is none.
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

    // So much of it is tried as there mostly is, before its end is looked for.
    private bool TryCompleteAtOnce(ReadOnlySpan<byte> bytes, out int length)
    {
        int cut = _cutEvent.Length;
        _cutEvent.Append(bytes[..Math.Clamp(UsualLength - cut, 0, bytes.Length)]);
        if (_shapes.Match(_cutEvent.Span, settings.MaxEventBytes, events, out int whole) == TemplateMatch.Whole)
        {
            events.Matched(_shapes.Last!, _cutEvent.Span[..whole]);
            _cutEvent.Release();
            length = whole - cut; // What was cut was no whole event, so that this ends in what followed.
            return true;
        }

        _cutEvent.Truncate(cut);
        length = 0;
        return false;
    }

    private void DecodeCutEvent()
    {
        for (int at = 0; at < _cutEvent.Length;)
        {
            DecodeEvent(_cutEvent.Span, ref at);
        }

        _isAtEventStart = IsBetweenEvents;
    }

    private void DecodeEvent(ReadOnlySpan<byte> bytes, ref int at)
    {
        int begin = at, start = IsBetweenEvents ? at : -1;
        FramingResult found = _sse.Read(bytes, ref at);
        if (_json is not null)
        {
            ReadJsonBetweenEvents(bytes[begin..at], _json);
        }

        switch (found)
        {
            case FramingResult.Event:
                _isStream = true;
                var streamEvent = new StreamEvent(_sse.GetType(bytes), _sse.GetData(bytes));
                UsageAccumulator before = events.State;
                long outputBefore = events.OutputCharacters;
                bool isRead = events.Apply(streamEvent);
                UsageAccumulator after = events.State;
                if (after != before)
                {
                    _shapes.Forget();
                }

                if (isRead && start >= 0 && _sse.DataStart >= 0 && events.OutputCharacters > outputBefore && after with { Tokens = before.Tokens } == before)
                {
                    Learn(bytes[start..at], _sse.DataStart - start, streamEvent);
                }

                break;
            case FramingResult.LargeEvent:
                _isStream = true;
                _shapes.Forget();
                events.ApplyLarge(_sse.GetType(bytes), isWholeBody: false);
                break;
            case FramingResult.Json:
                _json ??= new JsonBodyDecoder(settings.MaxEventBytes, events);
                break;
        }
    }

    // An object without data:, which gateways and Google's servers send when they fail in the middle of a stream. The decoder reads its lines as well, and passes them by as the standard has it: where they
    // are no JSON after all, or data comes before it is whole, nothing is lost.
    private void ReadJsonBetweenEvents(ReadOnlySpan<byte> bytes, JsonBodyDecoder json)
    {
        int position = 0;
        FramingResult found = json.Read(bytes, ref position);
        if (found == FramingResult.NeedMore && !_sse.HasData)
        {
            return;
        }

        _json = null;
        if (found == FramingResult.LargeEvent)
        {
            events.ApplyLarge(default, isWholeBody: !_isStream);
        }
        else if (found == FramingResult.Event && !events.IsBroken(json.GetData(bytes)) && UnfinishedData.IsWhole(json.GetData(bytes)))
        {
            events.Apply(new StreamEvent(default, json.GetData(bytes), isWholeBody: !_isStream));
        }

        _shapes.Forget();
        json.Release();
    }

    // A carriage return alone ends a line as well: such events are left to the decoder, as a cut event's end is found by its line feeds.
    private void Learn(ReadOnlySpan<byte> raw, int dataStart, StreamEvent streamEvent)
    {
        if (settings.LearnsShapes && !ParsesEveryEvent && events.RepeatingParser is { } parser && raw.Count((byte)'\r') == raw.Count("\r\n"u8) && _shapes.IsLearning)
        {
            _shapes.Learn(raw, dataStart, streamEvent, parser, events.State);
        }
    }
}
