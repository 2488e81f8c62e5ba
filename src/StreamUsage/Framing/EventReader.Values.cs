using StreamUsage.Buffers;
using StreamUsage.Parsing;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Framing;

// Events and their values: one JSON value nearly always, several from servers that leave out the blank lines between
// events. The values of a large event are reduced copies.
internal sealed partial class EventReader
{
    // The most broken first lines in one event. After each, the rest of the event is read again.
    private const int MaxBrokenLines = 8;

    BufferBudget? ILargeEventReader.Budget => settings.Budget;

    /// <summary>Applies an event. Returns whether a template may be learned from it: a parser read it, and it is one
    /// value.</summary>
    public bool Apply(StreamEvent streamEvent)
    {
        ParseCountingEvent();
        IsStreamed |= !streamEvent.IsWholeBody || EventCount != 0;
        EventCount++;
        _capture?.Begin(streamEvent.Data, isReduced: false);
        if (ExpectsJson && !JsonValues.IsSingle(streamEvent.Data))
        {
            SkippedEvents += ApplyValues(streamEvent, streamEvent.Data) ? 0 : 1;
            return false;
        }

        ValueResult result = ApplyValue(streamEvent);
        SkippedEvents += result == ValueResult.Skipped ? 1 : 0;
        if (result != ValueResult.Read && HidesValues(streamEvent.Data, streamEvent.IsWholeBody))
        {
            ApplyValues(streamEvent, streamEvent.Data[(streamEvent.Data.IndexOf((byte)'\n') + 1)..]);
        }

        return result == ValueResult.Read;
    }

    /// <summary>Applies the large event that has ended. Its earlier values were applied when the next one
    /// began.</summary>
    public void ApplyLarge(ReadOnlySpan<byte> type, bool isWholeBody)
    {
        IsStreamed |= !isWholeBody || EventCount != 0;
        if (_largeEvent is { IsWhole: true } reducer)
        {
            EventCount++;
            ApplyReduced(new StreamEvent(type, reducer.Copy, isWholeBody));
        }
        else
        {
            _hasContent = true;
            SkipLargeEvent();
            _capture?.Skip();
            KeepError(type, default);
        }
    }

    void ILargeEventReader.Begin()
    {
        ParseCountingEvent();
        _hasSkippedValue = false;
        (_largeEvent ??= new JsonReducer()).Begin();
    }

    void ILargeEventReader.Append(ReadOnlySpan<byte> data)
    {
        if (_largeEvent is not { } reducer)
        {
            return;
        }

        // Each value is applied when the next one begins. The earlier ones get no type, which may still follow when
        // they end. The last one is of the event's type.
        while (reducer.Append(data) is var length && length < data.Length)
        {
            ApplyReduced(new StreamEvent(default, reducer.Copy));
            reducer.BeginNext();
            data = data[length..];
        }
    }

    // Applies each value of the data. Returns false if one was skipped.
    private bool ApplyValues(StreamEvent streamEvent, ReadOnlySpan<byte> data)
    {
        bool isNoneSkipped = true;
        int brokenLines = 0;
        var values = new JsonValues(data);
        while (values.Next(out ReadOnlySpan<byte> value))
        {
            ValueResult result = ApplyValue(new StreamEvent(streamEvent.Type, value, streamEvent.IsWholeBody));
            if (result != ValueResult.Read && brokenLines < MaxBrokenLines && HidesValues(value, streamEvent.IsWholeBody))
            {
                brokenLines++;
                values.GoToSecondLine();
            }

            isNoneSkipped &= result != ValueResult.Skipped;
        }

        return isNoneSkipped;
    }

    // Returns whether a value's first line is broken, so that the values of the next lines seem to be in it.
    private bool HidesValues(ReadOnlySpan<byte> value, bool isWholeBody)
    {
        int line = value.IndexOf((byte)'\n');
        if (line < 0 || isWholeBody || !ExpectsJson)
        {
            return false;
        }

        ReadOnlySpan<byte> next = value[(line + 1)..];
        return (next.StartsWith("{"u8) || next.StartsWith("[DONE]"u8)) && _broken.IsBroken(value);
    }

    private void ApplyReduced(StreamEvent streamEvent)
    {
        ParseCountingEvent();
        _capture?.Begin(streamEvent.Data, isReduced: true);
        if (ApplyValue(streamEvent, isReduced: true) == ValueResult.Skipped)
        {
            SkipLargeEvent();
        }
    }

    // An event counts once, however many of its values are skipped.
    private void SkipLargeEvent()
    {
        SkippedEvents += _hasSkippedValue ? 0 : 1;
        _hasSkippedValue = true;
    }
}
