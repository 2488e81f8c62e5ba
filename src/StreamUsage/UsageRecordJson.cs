using System.Buffers;
using System.Text.Json;
using StreamUsage.Serialization;

namespace StreamUsage;

/// <summary>Converts a record to and from JSON, for queues, files and stores. Names are camel case, enums are strings,
/// times are ISO 8601, durations are <c>[d.]hh:mm:ss[.fffffff]</c>, and nulls are left out.</summary>
/// <remarks>Names and meanings are stable. Later versions may add properties, which earlier versions ignore. The
/// property <c>version</c> is 1, and changes only if a name or a meaning does. A record without it counts as version
/// 1.</remarks>
public static class UsageRecordJson
{
    private const int Version = 1;

    /// <summary>Returns the record as one JSON object in UTF-8, without line breaks.</summary>
    /// <param name="record">The record.</param>
    /// <exception cref="ArgumentNullException"><paramref name="record"/> is null.</exception>
    public static byte[] ToUtf8Bytes(UsageRecord record)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        Write(buffer, record);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Writes the record as one JSON object in UTF-8, without line breaks.</summary>
    /// <param name="writer">Receives the JSON.</param>
    /// <param name="record">The record.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static void Write(IBufferWriter<byte> writer, UsageRecord record)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(record);
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(record, UsageRecordJsonContext.Default.UsageRecord);

        // The generated object begins with a brace and is never empty.
        writer.Write("{\"version\":1,"u8);
        writer.Write(json.AsSpan(1));
    }

    /// <summary>Reads a record. Unknown properties are ignored; a missing property has its default.</summary>
    /// <param name="utf8Json">One JSON object in UTF-8.</param>
    /// <exception cref="JsonException">The JSON is not a record, or has an unsupported version.</exception>
    public static UsageRecord Read(ReadOnlySpan<byte> utf8Json)
    {
        try
        {
            CheckVersion(utf8Json);
            UsageRecord record = JsonSerializer.Deserialize(utf8Json, UsageRecordJsonContext.Default.UsageRecord)
                ?? throw new JsonException("A usage record is a JSON object, not null.");
            return RecordDefaults.Complete(record, utf8Json);
        }
        catch (InvalidOperationException fault)
        {
            throw new JsonException("A usage record has no names with a lone surrogate.", fault);
        }
    }

    private static void CheckVersion(ReadOnlySpan<byte> utf8Json)
    {
        var reader = new Utf8JsonReader(utf8Json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("A usage record is a JSON object.");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isVersion = reader.ValueTextEquals("version"u8);
            reader.Read();
            if (!isVersion)
            {
                reader.Skip();
            }
            else if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt32(out int version) || version != Version)
            {
                throw new JsonException($"This library reads version {Version} of a usage record.");
            }
        }
    }
}
