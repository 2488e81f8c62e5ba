using System.Buffers;
using StreamUsage.Buffers;
using StreamUsage.Capture;
using StreamUsage.Parsing;

namespace StreamUsage.Framing;

/// <summary>Reads a body as it passes: finds its framing, and gives each event to its <see cref="EventReader"/>. Not
/// thread-safe: its owner holds a lock. Never throws for the bytes.</summary>
internal sealed class BodyReader(ReaderSettings settings, ApiFormat callerFormat, ResponseCapture? capture = null,
    KnownAnswer? known = null)
{
    // White space and the bytes of a byte order mark, in any order: this only finds the first other byte.
    private static readonly SearchValues<byte> Blank =
        SearchValues.Create([(byte)' ', (byte)'\t', (byte)'\r', (byte)'\n', 0xEF, 0xBB, 0xBF]);

    private readonly EventReader _events = new(settings, callerFormat, capture, known?.Parser);
    private SseBody _sse;
    private JsonBodyDecoder? _json;
    private BedrockEvents? _bedrock;
    private BodyFraming _framing = known is null ? BodyFraming.NotBegun : BodyFraming.Known;

    // The body is a JSON array, whose objects are the events of a stream. Else each object is an answer, or one line of
    // JSON lines.
    private bool _isArray;

    private enum BodyFraming : byte
    {
        /// <summary>No byte has come.</summary>
        NotBegun,

        /// <summary>Only white space has come, read as SSE.</summary>
        Unknown,
        Sse,
        Json,
        AmazonEventStream,
        Known,
    }

    public EventReader Events => _events;

    /// <summary>Reads the next bytes, at least one.</summary>
    public void Read(ReadOnlySpan<byte> bytes)
    {
        if (_framing is BodyFraming.NotBegun or BodyFraming.Unknown)
        {
            Begin(bytes);
        }

        switch (_framing)
        {
            case BodyFraming.Json:
                ReadJson(bytes, _json!);
                break;
            case BodyFraming.AmazonEventStream:
                ReadAmazonEventStream(bytes, _bedrock!);
                break;
            case BodyFraming.Known:
                ReadKnown(bytes, known!.Form);
                break;
            default:
                _sse.Read(bytes);
                break;
        }

        _events.KeepExcerpt(bytes);
    }

    /// <summary>Ends the body. An unterminated last event counts if it is whole.</summary>
    /// <param name="isWhole">Whether the body was read to its end. It completes an answer of a
    /// <see cref="KnownAnswer"/>.</param>
    public void Finish(bool isWhole = true)
    {
        if (_framing is BodyFraming.Sse or BodyFraming.Unknown)
        {
            _sse.Finish();
        }
        else if (isWhole && known is { Form: AnswerForm.ClientUpdates or AnswerForm.ClientAnswer })
        {
            _events.Complete();
        }
        else if (isWhole && _events.HasOutput && known is { Form: AnswerForm.Recording or AnswerForm.Text })
        {
            // Their parser needs no data to complete the answer.
            _events.Apply(new StreamEvent(default, default, isWholeBody: true));
        }
    }

    public void Release()
    {
        _sse.Release();
        _json?.Release();
        _bedrock?.Release();
        _events.Release();
    }

    // The first bytes decide, since a content type may be wrong. SSE never begins with a brace or bracket, and a JSON
    // body always does. An Amazon event stream begins with a message's length, whose first byte is 0 below 16 MiB.
    private void Begin(ReadOnlySpan<byte> bytes)
    {
        if (_framing == BodyFraming.NotBegun)
        {
            if (bytes[0] == 0)
            {
                _framing = BodyFraming.AmazonEventStream;
                _bedrock = new BedrockEvents(settings.MaxEventBytes, _events);
                return;
            }

            _framing = BodyFraming.Unknown;
            _sse = new SseBody(settings, _events);
        }

        int first = bytes.IndexOfAnyExcept(Blank);
        if (first < 0)
        {
            return;
        }

        if (bytes[first] is (byte)'{' or (byte)'[')
        {
            _framing = BodyFraming.Json;
            _isArray = bytes[first] == (byte)'[';
            _json = new JsonBodyDecoder(settings.MaxEventBytes, _events);
        }
        else
        {
            _framing = BodyFraming.Sse;
        }
    }

    private void ReadKnown(ReadOnlySpan<byte> bytes, AnswerForm form)
    {
        switch (form)
        {
            case AnswerForm.Messages:
                _events.Apply(new StreamEvent(default, bytes));
                break;
            case AnswerForm.ClientUpdates or AnswerForm.ClientAnswer:
                _events.Apply(new StreamEvent(default, bytes, isWholeBody: form == AnswerForm.ClientAnswer));
                break;
            case AnswerForm.Text:
                _events.ObserveText(bytes);
                break;
            default:
                _events.ObserveRecording();
                break;
        }
    }

    private void ReadJson(ReadOnlySpan<byte> bytes, JsonBodyDecoder objects)
    {
        int position = 0;
        while (true)
        {
            switch (objects.Read(bytes, ref position))
            {
                case FramingResult.NeedMore:
                    return;
                case FramingResult.Event:
                    _events.Apply(new StreamEvent(default, objects.GetData(bytes), isWholeBody: !_isArray));
                    break;
                default:
                    _events.ApplyLarge(default, isWholeBody: !_isArray);
                    break;
            }
        }
    }

    private void ReadAmazonEventStream(ReadOnlySpan<byte> bytes, BedrockEvents bedrock)
    {
        int position = 0;
        while (true)
        {
            switch (bedrock.Read(bytes, ref position))
            {
                case FramingResult.NeedMore:
                    return;
                case FramingResult.Event:
                    _events.Apply(bedrock.GetEvent(bytes));
                    break;
                case FramingResult.LargeEvent:
                    _events.ApplyLarge(bedrock.GetLargeEventType(bytes), isWholeBody: false);
                    break;
                default:
                    _events.SkipDamaged(new InvalidDataException("A message of the Amazon event stream is damaged."));
                    break;
            }
        }
    }
}
