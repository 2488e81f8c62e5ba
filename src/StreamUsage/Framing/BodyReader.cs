using System.Buffers;
using StreamUsage.Buffers;
using StreamUsage.Capture;
using StreamUsage.Parsing;

namespace StreamUsage.Framing;

/// <summary>Reads a body as it passes: finds its framing, and gives each event to its <see cref="EventReader"/>. Not
/// thread-safe: its owner holds a lock. Never throws for the bytes.</summary>
internal sealed class BodyReader(ReaderSettings settings, ApiFormat named, ResponseCapture? capture = null, KnownAnswer? known = null)
{
    // The bytes that may precede the first character: white space and a byte order mark.
    private static readonly SearchValues<byte> Blank =
        SearchValues.Create([(byte)' ', (byte)'\t', (byte)'\r', (byte)'\n', 0xEF, 0xBB, 0xBF]);

    private readonly EventReader _events = new(settings, named, capture, known?.Parser);
    private SseBody _sse;
    private JsonBodyDecoder? _json;
    private BedrockEvents? _bedrock;
    private Framing _framing = known is null ? Framing.NotBegun : Framing.Known;
    private bool _isArray; // An object is part of an answer, not an answer.

    private enum Framing : byte
    {
        NotBegun,
        Unknown,
        Sse,
        Json,
        EventStream,
        Known,
    }

    public EventReader Events => _events;

    public void Read(ReadOnlySpan<byte> bytes)
    {
        if (_framing <= Framing.Unknown)
        {
            Begin(bytes);
        }

        switch (_framing)
        {
            case Framing.Json:
                ReadJson(bytes, _json!);
                break;
            case Framing.EventStream:
                ReadEventStream(bytes, _bedrock!);
                break;
            case Framing.Known:
                ReadKnown(bytes, known!.Form);
                break;
            default:
                _sse.Read(bytes);
                break;
        }

        _events.KeepExcerpt(bytes);
    }

    /// <summary>Ends the body. An unterminated last event counts if it is whole.</summary>
    /// <param name="isWhole">Whether the body was read to its end, which completes an answer that is no event
    /// stream.</param>
    public void Finish(bool isWhole = true)
    {
        if (_framing is Framing.Sse or Framing.Unknown)
        {
            _sse.Finish();
        }
        else if (isWhole && known is { Form: AnswerForm.ClientUpdates or AnswerForm.ClientAnswer })
        {
            _events.Complete();
        }
        else if (isWhole && _events.HasOutput && known is { Form: not AnswerForm.Messages })
        {
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

    // Whatever the content type says: SSE never begins with a brace or bracket, and a JSON body always does. An Amazon
    // event stream begins with a message length, whose first byte is 0.
    private void Begin(ReadOnlySpan<byte> bytes)
    {
        if (_framing == Framing.NotBegun)
        {
            if (bytes[0] == 0)
            {
                _framing = Framing.EventStream;
                _bedrock = new BedrockEvents(settings.MaxEventBytes, _events);
                return;
            }

            _framing = Framing.Unknown;
            _sse = new SseBody(settings, _events);
        }

        int first = bytes.IndexOfAnyExcept(Blank);
        if (first < 0)
        {
            return;
        }

        if (bytes[first] is (byte)'{' or (byte)'[')
        {
            _framing = Framing.Json;
            _isArray = bytes[first] == (byte)'[';
            _json = new JsonBodyDecoder(settings.MaxEventBytes, _events);
        }
        else
        {
            _framing = Framing.Sse;
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

    private void ReadEventStream(ReadOnlySpan<byte> bytes, BedrockEvents bedrock)
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
                    _events.SkipDamaged(new InvalidDataException("A message of the event stream is damaged."));
                    break;
            }
        }
    }
}
