using System.Globalization;
using System.Text;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Bounds;

/// <summary>Bodies that are made as they are read, of any length: a beginning, a unit that is repeated, an
/// end.</summary>
internal sealed class EndlessBody(string start, string unit, string end, long units) : Stream
{
    private readonly byte[] _start = Encoding.UTF8.GetBytes(start);
    private readonly byte[] _unit = Encoding.UTF8.GetBytes(unit);
    private readonly byte[] _end = Encoding.UTF8.GetBytes(end);
    private long _position;

    public static string[] Names { get; } =
    [
        "one event of text", "one event that is not JSON", "one event of escapes", "one event of nested arrays",
        "one event of many properties", "an endless line", "an endless field name", "an endless event type", "an endless id",
        "comments", "empty events", "tiny chat events", "tiny Claude events", "tiny unknown events", "usage of many properties",
        "one JSON body", "JSON lines", "brackets without end", "choices without end", "data lines of one event",
        "type, id and data at once",
        "Gemini chunks with details", "one Gemini body", "embeddings", "one message without end", "tiny messages",
        "names of any length", "names of tools", "iterations of any number", "usage of one long value",
    ];

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => _start.Length + (units * _unit.Length) + _end.Length;

    public override long Position { get => _position; set => throw new NotSupportedException(); }

    /// <summary>A named body of at least a length.</summary>
    public static EndlessBody Make(string name, long length)
    {
        const string Responses = "data: {\"type\":\"response.completed\",\"response\":{\"id\":\"r\",\"output\":";
        const string ResponsesEnd = ",\"usage\":{\"input_tokens\":5,\"output_tokens\":7}}}\n\n";
        const string Chat = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}]}\n\n";
        const string Done = "data: [DONE]\n\n";
        (string Start, string Unit, string End) parts = name switch
        {
            "one event of text" => (Responses + "\"", "some text, ", "\"" + ResponsesEnd),
            "one event that is not JSON" => (Chat + "data: ", "nonsense ", "\n\n" + Done),
            "one event of escapes" => (Responses + "\"", "\\u00e4\\\"", "\"" + ResponsesEnd),
            "one event of nested arrays" =>
                (Responses + new string('[', 10_000) + "\"", "text", "\"" + new string(']', 10_000) + ResponsesEnd),
            "one event of many properties" => (Responses + "{\"a\":1", ",\"key\":{\"usage\":1}", "}" + ResponsesEnd),
            "an endless line" => (Chat, "line", ""),
            "an endless field name" => (Chat, "data", ":x\n\n" + Done),
            "an endless event type" => (Chat + "event: ", "type", "\n" + Chat + Done),
            "an endless id" => (Chat + "id: ", "id", "\n" + Chat + Done),
            "comments" => (Chat, ": keep alive\n\n", Done),
            "empty events" => (Chat, "\n", Done),
            "tiny chat events" => ("", Chat, "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":7}}\n\n" + Done),
            "tiny Claude events" => (
                "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":5}}}\n\n",
                "data: {\"type\":\"ping\"}\n\n",
                "data: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":7}}\n\ndata: {\"type\":\"message_stop\"}\n\n"),
            "tiny unknown events" => ("", "data:x\n\n", ""),
            "usage of many properties" =>
                ("", "data: {\"choices\":[],\"usage\":{" + Properties(3000) + ",\"prompt_tokens\":5,\"completion_tokens\":7}}\n\n", Done),
            "one JSON body" => ("{\"type\":\"message\",\"content\":[{\"type\":\"text\",\"text\":\"",
                "some text, ", "\"}],\"usage\":{\"input_tokens\":5,\"output_tokens\":7}}"),
            "JSON lines" => ("", "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}]}\n", ""),
            "brackets without end" => ("{\"choices\":", "[", ""),
            "choices without end" => ("data: {\"choices\":[", "{\"index\":70,\"delta\":{\"content\":\"x\"}},", "{}]}\n\n" + Done),
            "Gemini chunks with details" => ("[", "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"x\"}]}}],\"usageMetadata\":"
                + "{\"promptTokenCount\":5,\"promptTokensDetails\":[{\"modality\":\"IMAGE\",\"tokenCount\":3}]}},\n",
                "{\"candidates\":[{\"finishReason\":\"STOP\"}]}]"),
            "one Gemini body" => ("{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"",
                "some text, ", "\"}]},\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":5,\"candidatesTokenCount\":7}}"),
            "embeddings" =>
                ("{\"object\":\"list\",\"data\":[{\"embedding\":[1", ",-0.0123", "]}],\"usage\":{\"prompt_tokens\":5,\"total_tokens\":5}}"),
            "one message without end" => (Message(4 * 1024 * 1024, ""), "payload", ""),
            "tiny messages" => ("", Message(0, "{\"delta\":{\"text\":\"x\"}}"), ""),
            "type, id and data at once" => (Chat + $"id: {new string('i', 65_000)}\nid: {new string('j', 65_000)}\n"
                + $"event: {new string('e', 65_000)}\ndata: {new string('d', 65_000)}\nid: ", "i", "\n\n" + Done),
            "names of any length" => ("", LongNames(24 * 1024), Done),
            "names of tools" => ("", "data: {\"type\":\"message_delta\",\"usage\":{\"server_tool_use\":{"
                + string.Join(',', Enumerable.Range(0, 64).Select(i => $"\"{i}{new string('t', 900)}\":1")) + "}}}\n\n", Done),
            "iterations of any number" => ("", "data: {\"type\":\"message_delta\",\"usage\":{\"iterations\":["
                + string.Join(',', Enumerable.Range(0, 400)
                    .Select(i => $"{{\"type\":\"{i}\",\"model\":\"{i}{new string('m', 90)}\",\"output_tokens\":1}}")) + "]}}\n\n", Done),
            "usage of one long value" =>
                ("", $"data: {{\"choices\":[],\"usage\":{{\"prompt_tokens\":5,\"x\":\"{new string('x', 60_000)}\"}}}}\n\n", Done),
            _ => (Chat, "data: x\n", "\n" + Done),
        };
        return new EndlessBody(parts.Start, parts.Unit, parts.End, (length / parts.Unit.Length) + 1);
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        int filled = 0;
        while (filled < buffer.Length && _position < Length)
        {
            ReadOnlySpan<byte> part = Part();
            int length = Math.Min(part.Length, buffer.Length - filled);
            part[..length].CopyTo(buffer[filled..]);
            filled += length;
            _position += length;
        }

        return filled;
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private static string Properties(int count) =>
        string.Join(',', Enumerable.Range(0, count).Select(i => string.Create(CultureInfo.InvariantCulture, $"\"p{i}\":{i}")));

    private static string LongNames(int length)
    {
        string name = new('n', length);
        string[] events =
        [
            $"{{\"type\":\"message_start\",\"message\":{{\"id\":\"{name}\"}}}}",
            $"{{\"type\":\"message_start\",\"message\":{{\"model\":\"{name}\"}}}}",
            $"{{\"type\":\"message_delta\",\"delta\":{{\"stop_reason\":\"{name}\"}}}}",
            $"{{\"type\":\"message_delta\",\"delta\":{{\"stop_sequence\":\"{name}\"}}}}",
            $"{{\"type\":\"message_delta\",\"usage\":{{\"service_tier\":\"{name}\"}}}}",
            $"{{\"type\":\"message_delta\",\"usage\":{{\"speed\":\"{name}\"}}}}",
            $"{{\"type\":\"message_delta\",\"usage\":{{\"inference_geo\":\"{name}\"}}}}",
            $"{{\"type\":\"error\",\"error\":{{\"type\":\"{name}\"}}}}",
            $"{{\"type\":\"error\",\"error\":{{\"message\":\"{name}\"}}}}",
        ];
        return string.Concat(events.Select(data => $"data: {data}\n\n"));
    }

    // A message of an event stream, or the prelude of one of at least a length, all of whose bytes are ASCII.
    private static string Message(int length, string payload)
    {
        while (true)
        {
            byte[] message = new EventStreamBytes().Event("contentBlockDelta", payload).ToArray();
            if (length > 0)
            {
                message = [(byte)(length >> 24), (byte)(length >> 16), (byte)(length >> 8), (byte)length, 0, 0, 0, 0];
                uint checksum = EventStreamBytes.Checksum(message);
                message = [.. message, (byte)(checksum >> 24), (byte)(checksum >> 16), (byte)(checksum >> 8), (byte)checksum];
                length++;
            }

            if (!message.Any(value => value > 0x7F))
            {
                return Encoding.ASCII.GetString(message);
            }

            payload += " ";
        }
    }

    private ReadOnlySpan<byte> Part()
    {
        if (_position < _start.Length)
        {
            return _start.AsSpan((int)_position);
        }

        long inUnits = _position - _start.Length;
        return inUnits < units * _unit.Length
            ? _unit.AsSpan((int)(inUnits % _unit.Length)) : _end.AsSpan((int)(inUnits - (units * _unit.Length)));
    }
}
