using StreamUsage.Accounting;
using StreamUsage.Buffers;
using StreamUsage.Framing.Templates;
using StreamUsage.Parsing;
using StreamUsage.Sse;

namespace StreamUsage.Framing;

/// <summary>Reads a body of SSE. Events that differ from earlier ones only in their text match a learned template;
/// others are decoded and parsed. JSON objects without <c>data:</c> between events are read too. A mutable struct:
/// never copy it.</summary>
internal struct SseBody(ReaderSettings settings, EventReader events)
{
    // A cut event waits, up to this size, for a template to match it. Above it, the decoder takes over.
    private const int MaxCutEvent = BufferBudget.FreeBytes;

    // Turns off the templates, to rule them out: parsing every event costs about ten times as much.
    private static readonly bool ParsesEveryEvent = AppContext.TryGetSwitch("StreamUsage.ParseEveryEvent", out bool isOn) && isOn;

    private EventTemplateCache _templates;
    private PooledBuffer _cutEvent;
    private int _begun; // The length of a cut event that is not kept, as it equals the last template's beginning.
    private SseDecoder _sse = new(settings.MaxEventBytes, events);
    private JsonBodyDecoder? _json; // Reads an object without data: between events.
    private bool _isStream; // There were events, so an object is part of an answer.
    private bool _isAtEventStart;

    // Most events are about as long as others of their template.
    private readonly int UsualLength => _templates.Length + 96;

    private readonly bool IsBetweenEvents => _json is null && _sse.IsBetweenEvents;

    public void Read(ReadOnlySpan<byte> bytes)
    {
        int at = _begun != 0 ? CompleteBegunEvent(bytes) : _cutEvent.Length != 0 ? CompleteCutEvent(bytes) : 0;
        while (at < bytes.Length)
        {
            if (_isAtEventStart && _templates.IsAny)
            {
                switch (_templates.Match(bytes[at..], settings.MaxEventBytes, events, out int length))
                {
                    case TemplateMatch.Whole:
                        events.Matched(_templates.Last!, bytes.Slice(at, length));
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

    /// <summary>Ends the body. An unterminated last event counts if it is whole.</summary>
    public void Finish()
    {
        DecodeCutEvent(); // Without its end it cannot match a template.
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
        _templates.Forget();
        _cutEvent.Release();
        _sse.Release();
        _json?.Release();
    }

    private int CompleteBegunEvent(ReadOnlySpan<byte> bytes)
    {
        if (_templates.MatchRest(bytes, _begun, settings.MaxEventBytes, events, out int length) == TemplateMatch.Whole)
        {
            _begun = 0;
            // Only the rest of the event: its whole data is needed only by counting templates, which are not matched
            // here.
            events.Matched(_templates.Last!, bytes[..length]);
            return length;
        }

        _cutEvent.Reserve(UsualLength);
        _cutEvent.Append(_templates.Last!.Beginning(_begun));
        _begun = 0;
        return CompleteCutEvent(bytes);
    }

    // Reads the rest of a cut event, up to its blank line. If no template matches, the decoder gets the whole event.
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
        if (isWhole && _templates.Match(cutEvent, settings.MaxEventBytes, events, out _) == TemplateMatch.Whole)
        {
            events.Matched(_templates.Last!, cutEvent); // A template ends with its blank line, the only one here.
        }
        else
        {
            DecodeCutEvent();
        }

        _cutEvent.Release();
        return end;
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

    // Tries the usual length before searching for the event's end.
    private bool TryCompleteAtOnce(ReadOnlySpan<byte> bytes, out int length)
    {
        int cut = _cutEvent.Length;
        _cutEvent.Append(bytes[..Math.Clamp(UsualLength - cut, 0, bytes.Length)]);
        if (_templates.Match(_cutEvent.Span, settings.MaxEventBytes, events, out int whole) == TemplateMatch.Whole)
        {
            events.Matched(_templates.Last!, _cutEvent.Span[..whole]);
            _cutEvent.Release();
            length = whole - cut; // The cut part was no whole event, so the match ends after it.
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
                    _templates.Forget();
                }

                if (isRead && start >= 0 && _sse.DataStart >= 0 && events.OutputCharacters > outputBefore
                    && after with { Tokens = before.Tokens } == before)
                {
                    Learn(bytes[start..at], _sse.DataStart - start, streamEvent);
                }

                break;
            case FramingResult.LargeEvent:
                _isStream = true;
                _templates.Forget();
                events.ApplyLarge(_sse.GetType(bytes), isWholeBody: false);
                break;
            case FramingResult.Json:
                _json ??= new JsonBodyDecoder(settings.MaxEventBytes, events);
                break;
        }
    }

    // An object without data:, which gateways and Google's servers send when they fail in the middle of a stream. The
    // decoder also reads its lines, and ignores them as the standard requires. So nothing is lost if it is no JSON.
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

        _templates.Forget();
        json.Release();
    }

    // A carriage return alone also ends a line. Such events are left to the decoder, since a cut event's end is found
    // by its line feeds.
    private void Learn(ReadOnlySpan<byte> raw, int dataStart, StreamEvent streamEvent)
    {
        if (settings.LearnsTemplates && !ParsesEveryEvent && events.RepeatingParser is { } parser
            && raw.Count((byte)'\r') == raw.Count("\r\n"u8) && _templates.IsLearning)
        {
            _templates.Learn(raw, dataStart, streamEvent, parser, events.State);
        }
    }
}
