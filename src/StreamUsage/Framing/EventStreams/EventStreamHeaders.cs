using System.Buffers.Binary;

namespace StreamUsage.Framing.EventStreams;

/// <summary>Represents a message's headers: a name after its length byte, a type byte, and a value. The type gives the
/// value's length, or two bytes before the value do.</summary>
internal readonly ref struct EventStreamHeaders(ReadOnlySpan<byte> bytes)
{
    private const byte ByteArray = 6, String = 7;

    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>Returns the value of a string header; empty if there is none, or if the headers before it are
    /// malformed.</summary>
    public ReadOnlySpan<byte> Find(ReadOnlySpan<byte> name)
    {
        ReadOnlySpan<byte> rest = _bytes;
        while (!rest.IsEmpty)
        {
            int nameEnd = 1 + rest[0];
            if (rest.Length <= nameEnd)
            {
                return default;
            }

            ReadOnlySpan<byte> found = rest[1..nameEnd];
            byte type = rest[nameEnd];
            rest = rest[(nameEnd + 1)..];
            if (ValueLength(type, ref rest) is not (>= 0 and var length) || length > rest.Length)
            {
                return default;
            }

            if (type == String && found.SequenceEqual(name))
            {
                return rest[..length];
            }

            rest = rest[length..];
        }

        return default;
    }

    // True, false, byte, short, int, long, byte array, string, timestamp, UUID.
    private static int ValueLength(byte type, ref ReadOnlySpan<byte> rest)
    {
        switch (type)
        {
            case 0 or 1:
                return 0;
            case 2:
                return 1;
            case 3:
                return 2;
            case 4:
                return 4;
            case 5 or 8:
                return 8;
            case 9:
                return 16;
            case ByteArray or String when rest.Length >= 2:
                int length = BinaryPrimitives.ReadUInt16BigEndian(rest);
                rest = rest[2..];
                return length;
            default:
                return -1;
        }
    }
}
