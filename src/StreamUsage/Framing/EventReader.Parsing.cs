using System.Text.Json;
using StreamUsage.Parsing;
using StreamUsage.Parsing.OpenAI;

namespace StreamUsage.Framing;

// A value and the state: which parser reads it, and what counts as read.
internal sealed partial class EventReader
{
    private const int MaxPingLength = 64;

    private enum ValueResult
    {
        /// <summary>A parser has read the value.</summary>
        Read,

        /// <summary>The value needs no parser: an end marker, a ping, or an error without a protocol.</summary>
        Understood,

        /// <summary>No parser could read the value.</summary>
        Skipped,
    }

    /// <summary>Returns whether data is valid JSON or <c>[DONE]</c>. Nearly all broken data is found without an
    /// exception.</summary>
    public bool IsValid(ReadOnlySpan<byte> data) => !_broken.IsBroken(data) && UnfinishedData.IsWhole(data);

    // An event of type "error" is an error, whatever its data, even if no parser knows it.
    private void KeepError(ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        if (type.SequenceEqual("error"u8) && _state.Error is null or { Type: null, Message: null, StatusCode: null })
        {
            _state = _state.WithError(ErrorObject.ReadEvent(data));
        }
    }

    private ValueResult ApplyValue(StreamEvent value, bool isReduced = false)
    {
        ValueResult result = !isReduced && _broken.IsExpected && _broken.IsBroken(value.Data) ? ValueResult.Skipped : Parse(value);
        _hasContent |= result == ValueResult.Skipped;
        KeepError(value.Type, value.Data);
        return result;
    }

    private ValueResult Parse(StreamEvent streamEvent)
    {
        try
        {
            if (!_choice.IsCertain)
            {
                Choose(streamEvent);
            }

            if (_choice.Parser is { } parser)
            {
                ApplyParser(parser, _choice.IsEnveloped ? OpenEnvelope(streamEvent) : streamEvent);
                return ExpectsJson && !IsReadable(streamEvent.Data) ? ValueResult.Skipped : ValueResult.Read;
            }

            if (IsMark(streamEvent))
            {
                return ValueResult.Understood;
            }

            if ((FlatError.Read(streamEvent.Data) ?? FlatError.Read(Envelope.Open(streamEvent.Data))) is { } error)
            {
                _hasContent = true;
                _state = _state.WithError(error);
                return ValueResult.Understood;
            }
        }
        catch (Exception fault)
        {
            Note(fault);
        }

        return ValueResult.Skipped;
    }

    private void ApplyParser(IUsageParser parser, StreamEvent streamEvent)
    {
        _hasUsage = false;
        (long sum, long? output) = (_state.Tokens.LargestSum, _state.Tokens.OutputTokens);
        _state = parser.Apply(streamEvent.With(this), _state);
        // A custom parser may set counts without reporting a usage object.
        bool isCounted = _hasUsage || sum != _state.Tokens.LargestSum || output != _state.Tokens.OutputTokens;
        if (isCounted && _state is { CountsOutput: true, IsOutputPlaceholder: false })
        {
            _output.OnUsage();
        }
    }

    private void Note(Exception fault)
    {
        _parserFault ??= fault;
        if (fault is JsonException)
        {
            _broken.OnException();
        }
    }

    private void Choose(StreamEvent streamEvent)
    {
        Exception? fault = null;
        if (_choice.TryChoose(streamEvent, ref fault))
        {
            _hasContent = true;
            _excerpt?.Release();
            _excerpt = null;
        }

        if (fault is not null)
        {
            Note(fault);
        }
    }

    private StreamEvent OpenEnvelope(StreamEvent streamEvent)
    {
        ReadOnlySpan<byte> content = Envelope.Open(streamEvent.Data);
        if (!content.IsEmpty)
        {
            return new StreamEvent(streamEvent.Type, content, streamEvent.IsWholeBody);
        }

        if (FlatError.Read(streamEvent.Data) is { } error)
        {
            _state = _state.WithError(error);
        }

        return streamEvent;
    }

    // Returns whether a built-in parser reads the data; it ignores data that is no JSON object.
    private static bool IsReadable(ReadOnlySpan<byte> data)
    {
        int start = data.IndexOfAnyExcept(" \t\r\n"u8);
        return start < 0 || data[start] == (byte)'{' || OpenAIChatParser.IsDone(data);
    }

    // Returns whether an event is an end marker or a ping.
    private static bool IsMark(StreamEvent streamEvent) =>
        !streamEvent.Data.ContainsAnyExcept(" \t\r\n"u8)
        || OpenAIChatParser.IsDone(streamEvent.Data)
        || streamEvent.Type.SequenceEqual("ping"u8)
        || (streamEvent.Data.Length < MaxPingLength && streamEvent.Data.IndexOf("\"ping\""u8) >= 0);

    private void ParseCountingEvent()
    {
        if (_countingEvent.Length != 0)
        {
            ReadCounts(_countingEvent.Span);
            _countingEvent.Clear();
        }
    }

    // Reads the counts of an event that matched a template.
    private void ReadCounts(ReadOnlySpan<byte> data)
    {
        _readsCountsOnly = true;
        try
        {
            _state = _choice.Parser!.Apply(new StreamEvent(default, data).With(this), _state);
        }
        catch (Exception fault)
        {
            _parserFault ??= fault;
        }

        _readsCountsOnly = false;
    }
}
