using StreamUsage.Buffers;
using StreamUsage.Framing.Templates;
using StreamUsage.Parsing;
using StreamUsage.Sse;

namespace StreamUsage.Framing;

/// <summary>Reads a body of SSE. An event that differs from an earlier one only in its text matches a learned template;
/// any other is decoded and parsed. JSON objects without <c>data:</c> between events are read too, one a line. A
/// mutable struct: never copy it.</summary>
internal struct SseBody(ReaderSettings settings, EventReader events)
{
    private EventTemplateCache _templates = new(settings, events);
    private SseDecoder _sse = new(settings.MaxEventBytes, events);
    private JsonBodyDecoder? _json; // Reads an object without data: between events.
    private bool _hasEvents; // Then an object between events is part of a stream.
    private bool _isAtEventStart; // A copy of IsBetweenEvents, which only changes when bytes are decoded.

    private readonly bool IsBetweenEvents => _json is null && _sse.IsBetweenEvents;

    public void Read(ReadOnlySpan<byte> bytes)
    {
        int at = 0;
        if (_templates.HasCutEvent && _templates.MatchCutEvent(bytes, out at) == TemplateMatch.None)
        {
            DecodeCutEvent();
        }

        while (at < bytes.Length)
        {
            if (_isAtEventStart)
            {
                TemplateMatch match = _templates.Match(bytes[at..], out int length);
                if (match != TemplateMatch.None)
                {
                    at += length;
                    continue;
                }
            }

            DecodeEvent(bytes, ref at);
            _isAtEventStart = IsBetweenEvents;
        }
    }

    /// <summary>Ends the body. An unterminated last event counts if it is whole.</summary>
    public void Finish()
    {
        // Without its end, a cut event cannot match a template. A beginning that was not kept holds no whole JSON, so
        // it is dropped.
        DecodeCutEvent();
        FramingResult found = _sse.Finish();
        if (found is FramingResult.Event or FramingResult.Unfinished)
        {
            ReadOnlySpan<byte> data = _sse.GetData(ReadOnlySpan<byte>.Empty);
            // Unlike SseReader, which delivers an event whole or not at all, this keeps the leading values that are
            // whole.
            data = found == FramingResult.Event ? data : UnfinishedData.WholeOf(data);
            if (!data.IsEmpty || found == FramingResult.Event)
            {
                events.Apply(new StreamEvent(_sse.GetEventType([]), data));
            }
        }
        else if (found == FramingResult.LargeEvent)
        {
            events.ApplyLarge(_sse.GetEventType([]), isWholeBody: false);
        }
    }

    public void Release()
    {
        _templates.Release();
        _sse.Release();
        _json?.Release();
    }

    private void DecodeCutEvent()
    {
        ReadOnlySpan<byte> cutEvent = _templates.CutEvent;
        for (int at = 0; at < cutEvent.Length;)
        {
            DecodeEvent(cutEvent, ref at);
        }

        _isAtEventStart = IsBetweenEvents;
        _templates.ReleaseCutEvent();
    }

    private void DecodeEvent(ReadOnlySpan<byte> bytes, ref int at)
    {
        int readStart = at, eventStart = IsBetweenEvents ? at : -1;
        FramingResult found = _sse.Read(bytes, ref at);
        if (_json is not null)
        {
            ReadJsonBetweenEvents(bytes[readStart..at], _json);
        }

        switch (found)
        {
            case FramingResult.Event:
                _hasEvents = true;
                bool isContiguous = eventStart >= 0 && _sse.DataStart >= 0;
                _templates.Parse(
                    new StreamEvent(_sse.GetEventType(bytes), _sse.GetData(bytes)),
                    isContiguous ? bytes[eventStart..at] : default,
                    _sse.DataStart - eventStart);
                break;
            case FramingResult.LargeEvent:
                _hasEvents = true;
                _templates.Forget();
                events.ApplyLarge(_sse.GetEventType(bytes), isWholeBody: false);
                break;
            case FramingResult.Json:
                _json ??= new JsonBodyDecoder(settings.MaxEventBytes, events);
                break;
        }
    }

    // Gateways and Google's servers send an object without data: when they fail in the middle of a stream. The decoder
    // reads its lines as well, and ignores them as the standard requires, so nothing is lost if it is no JSON. A type
    // before the object is not used, and neither is the rest of the line after it.
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
            events.ApplyLarge(default, isWholeBody: !_hasEvents);
        }
        else if (found == FramingResult.Event && events.IsValid(json.GetData(bytes)))
        {
            events.Apply(new StreamEvent(default, json.GetData(bytes), isWholeBody: !_hasEvents));
        }

        _templates.Forget();
        json.Release();
    }
}
