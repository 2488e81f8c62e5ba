using System.Buffers.Binary;

namespace StreamUsage.Recording;

/// <summary>Creates version 7 UUIDs (RFC 9562, section 5.7), ordered by time, which .NET 8 lacks.</summary>
internal static class RecordId
{
    public static Guid Create(DateTimeOffset now)
    {
        Span<byte> bytes = stackalloc byte[16];
        _ = Guid.NewGuid().TryWriteBytes(bytes, bigEndian: true, out _);
        long milliseconds = Math.Max(0, now.ToUnixTimeMilliseconds());
        BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)(milliseconds >> 16));
        BinaryPrimitives.WriteUInt16BigEndian(bytes[4..], (ushort)milliseconds);
        bytes[6] = (byte)(0x70 | (bytes[6] & 0x0F));
        return new Guid(bytes, bigEndian: true);
    }
}
