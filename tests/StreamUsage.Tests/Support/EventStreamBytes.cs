using System.Buffers.Binary;
using System.Text;

namespace StreamUsage.Tests.Support;

/// <summary>Writes messages of <c>application/vnd.amazon.eventstream</c>, with a checksum made bit by bit.</summary>
internal sealed class EventStreamBytes
{
    private readonly List<byte> _bytes = [];

    /// <summary>Where each message ends.</summary>
    public List<int> Ends { get; } = [];

    public byte[] ToArray() => [.. _bytes];

    /// <summary>An event of the invoked model's own format, as InvokeModelWithResponseStream frames it.</summary>
    public EventStreamBytes Chunk(string json) =>
        Event("chunk", $$"""{"bytes":"{{Convert.ToBase64String(Encoding.UTF8.GetBytes(json))}}","p":"abcdefghijk"}""");

    public EventStreamBytes Event(string type, string payload) =>
        Message([(":event-type", type), (":content-type", "application/json"), (":message-type", "event")], payload);

    public EventStreamBytes Exception(string type, string payload) =>
        Message([(":exception-type", type), (":content-type", "application/json"), (":message-type", "exception")], payload);

    public EventStreamBytes Message((string Name, string Value)[] headers, string payload)
    {
        var bytes = new List<byte>();
        foreach ((string name, string value) in headers)
        {
            bytes.Add((byte)name.Length);
            bytes.AddRange(Encoding.UTF8.GetBytes(name));
            bytes.Add(7);
            byte[] utf8 = Encoding.UTF8.GetBytes(value);
            bytes.AddRange([(byte)(utf8.Length >> 8), (byte)utf8.Length]);
            bytes.AddRange(utf8);
        }

        return Message([.. bytes], Encoding.UTF8.GetBytes(payload));
    }

    public EventStreamBytes Message(byte[] headers, byte[] payload)
    {
        var message = new byte[16 + headers.Length + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(message, message.Length);
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(4), headers.Length);
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(8), Checksum(message.AsSpan(0, 8)));
        headers.CopyTo(message, 12);
        payload.CopyTo(message, 12 + headers.Length);
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(message.Length - 4), Checksum(message.AsSpan(0, message.Length - 4)));
        _bytes.AddRange(message);
        Ends.Add(_bytes.Count);
        return this;
    }

    /// <summary>CRC-32 by its definition.</summary>
    public static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint crc = 0xFFFFFFFF;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ 0xEDB88320;
            }
        }

        return ~crc;
    }
}
