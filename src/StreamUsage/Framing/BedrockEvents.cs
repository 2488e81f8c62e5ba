using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using StreamUsage.Buffers;
using StreamUsage.Framing.EventStreams;
using StreamUsage.Parsing;
using StreamUsage.Parsing.Bedrock;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Framing;

/// <summary>Reads the events of an Amazon event stream. A <c>chunk</c> carries an event of the invoked model's format
/// in base64. Any other event is Converse's, and an exception is an event of its type.</summary>
internal sealed class BedrockEvents
{
    private EventStreamDecoder _messages;
    private PooledBuffer _data;

    public BedrockEvents(long maxEventBytes, ILargeEventReader largeEvents) =>
        _messages = new EventStreamDecoder(maxEventBytes, new BedrockPayloadReader(largeEvents));

    /// <summary>Reads to the next event. Call it until it finds no more: decoded data does not outlive the
    /// piece.</summary>
    public FramingResult Read(ReadOnlySpan<byte> piece, ref int position)
    {
        if (_data.Length > BufferBudget.FreeBytes)
        {
            _data.Release();
        }

        return _messages.Read(piece, ref position);
    }

    public StreamEvent GetEvent(ReadOnlySpan<byte> piece)
    {
        _data.Clear();
        EventStreamHeaders headers = _messages.GetHeaders(piece);
        ReadOnlySpan<byte> payload = _messages.GetPayload(piece);
        ReadOnlySpan<byte> messageType = headers.Find(":message-type"u8);
        if (messageType.SequenceEqual("exception"u8))
        {
            return new StreamEvent(headers.Find(":exception-type"u8), payload.IsEmpty ? "{}"u8 : payload);
        }

        if (messageType.SequenceEqual("error"u8))
        {
            WriteError(headers);
            return new StreamEvent(BedrockException.Unnamed, _data.Span);
        }

        ReadOnlySpan<byte> type = headers.Find(":event-type"u8);
        return type.SequenceEqual("chunk"u8) && TryDecode(payload) ? new StreamEvent(default, _data.Span) : new StreamEvent(type, payload);
    }

    /// <summary>Returns the type of the large event that was found. Its data went to the large-event reader.</summary>
    public ReadOnlySpan<byte> GetLargeEventType(ReadOnlySpan<byte> piece)
    {
        EventStreamHeaders headers = _messages.GetHeaders(piece);
        ReadOnlySpan<byte> type = headers.Find(":event-type"u8);
        return type.IsEmpty ? headers.Find(":exception-type"u8) : type.SequenceEqual("chunk"u8) ? default : type;
    }

    public void Release()
    {
        _messages.Release();
        _data.Release();
    }

    // {"bytes":"…","p":"…"}: p is padding.
    private bool TryDecode(ReadOnlySpan<byte> payload)
    {
        try
        {
            Utf8JsonReader reader = Utf8Json.ReadValue(payload);
            if (!reader.EnterObject())
            {
                return false;
            }

            while (reader.NextProperty(out ReadOnlySpan<byte> name))
            {
                if (name.SequenceEqual("bytes"u8) && reader.TokenType == JsonTokenType.String)
                {
                    return TryDecodeBase64(reader.ValueIsEscaped ? Encoding.UTF8.GetBytes(reader.GetText()) : reader.ValueSpan);
                }

                reader.Skip();
            }

            return false;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private bool TryDecodeBase64(ReadOnlySpan<byte> encoded)
    {
        const int Block = 1024;
        Span<byte> decoded = stackalloc byte[Block / 4 * 3];
        while (!encoded.IsEmpty)
        {
            ReadOnlySpan<byte> block = encoded[..Math.Min(Block, encoded.Length)];
            Base64.DecodeFromUtf8(block, decoded, out int consumed, out int written, isFinalBlock: block.Length == encoded.Length);
            if (consumed == 0)
            {
                return false;
            }

            _data.Append(decoded[..written]);
            encoded = encoded[consumed..];
        }

        return true;
    }

    // A failure of the connection is in the headers, without a payload.
    private void WriteError(EventStreamHeaders headers)
    {
        _data.Append("{\"type\":"u8);
        WriteString(headers.Find(":error-code"u8));
        _data.Append(",\"message\":"u8);
        WriteString(headers.Find(":error-message"u8));
        _data.Append("}"u8);
    }

    private void WriteString(ReadOnlySpan<byte> text)
    {
        _data.Append("\""u8);
        _data.Append(JsonEncodedText.Encode(Encoding.UTF8.GetString(text)).EncodedUtf8Bytes);
        _data.Append("\""u8);
    }
}
