using System.Buffers;
using System.Globalization;
using System.Text.Json;
using StreamUsage.Pricing;

namespace StreamUsage.Export;

/// <summary>Writes records as CloudEvents 1.0 in JSON, for metering services. An event's <c>id</c> is the record's, so
/// a record that is delivered twice counts once.</summary>
/// <remarks>Costs and units are strings, so that no receiver rounds them. Token counts are the billed ones
/// (<see cref="UsageRecord.BilledUsage"/>). A member without a value is left out: a record without a price has no
/// <c>cost</c>.</remarks>
public static class CloudEventWriter
{
    /// <summary>The media type of one event.</summary>
    public const string ContentType = "application/cloudevents+json";

    /// <summary>The media type of a batch.</summary>
    public const string BatchContentType = "application/cloudevents-batch+json";

    /// <summary>Writes a record as one event.</summary>
    /// <param name="writer">Receives the JSON object in UTF-8.</param>
    /// <param name="record">The record.</param>
    /// <param name="options">The event's attributes; null for the defaults.</param>
    /// <exception cref="ArgumentNullException"><paramref name="writer"/> or <paramref name="record"/> is
    /// null.</exception>
    public static void Write(IBufferWriter<byte> writer, UsageRecord record, CloudEventOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(record);
        using var json = new Utf8JsonWriter(writer);
        Write(json, record, options ?? new CloudEventOptions());
    }

    /// <summary>Writes records as a batch: an array of events.</summary>
    /// <param name="writer">Receives the JSON array in UTF-8.</param>
    /// <param name="records">The records, in order.</param>
    /// <param name="options">The events' attributes; null for the defaults.</param>
    /// <exception cref="ArgumentNullException"><paramref name="writer"/> or <paramref name="records"/> is
    /// null.</exception>
    public static void WriteBatch(IBufferWriter<byte> writer, IEnumerable<UsageRecord> records, CloudEventOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(records);
        options ??= new CloudEventOptions();
        using var json = new Utf8JsonWriter(writer);
        json.WriteStartArray();
        foreach (UsageRecord record in records)
        {
            Write(json, record, options);
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, UsageRecord record, CloudEventOptions options)
    {
        json.WriteStartObject();
        json.WriteString("specversion", "1.0");
        json.WriteString("id", record.Id);
        json.WriteString("source", options.Source);
        json.WriteString("type", options.Type);
        WriteText(json, "subject", options.Subject is { } subject ? subject(record) : record.Context.UserId ?? record.Context.ApiKeyId);
        json.WriteString("time", record.StartedAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        json.WriteString("datacontenttype", "application/json");
        json.WriteStartObject("data");
        WriteData(json, record);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteData(Utf8JsonWriter json, UsageRecord record)
    {
        TokenUsage usage = Billing.TokensOf(record);
        WriteText(json, "model", record.ResponseModel ?? record.Context.Model);
        WriteText(json, "provider", record.Context.Provider);
        WriteText(json, "protocol", record.Protocol);
        WriteText(json, "request_id", record.Context.RequestId);
        WriteText(json, "user_id", record.Context.UserId);
        WriteText(json, "api_key_id", record.Context.ApiKeyId);
        WriteText(json, "service_tier", record.ServiceTier);
        json.WriteString("status", record.Status.ToString());
        json.WriteString("operation", record.Operation);
        json.WriteNumber("input_tokens", usage.InputTokens);
        json.WriteNumber("cache_read_input_tokens", usage.CacheReadInputTokens);
        json.WriteNumber("cache_creation_input_tokens", usage.CacheCreationInputTokens);
        json.WriteNumber("output_tokens", usage.OutputTokens);
        json.WriteNumber("reasoning_tokens", usage.ReasoningTokens ?? 0);
        json.WriteNumber("total_tokens", usage.TotalTokens);
        json.WriteBoolean("estimated", record.InputSource == TokenSource.Estimated || record.OutputSource == TokenSource.Estimated);
        if (record.Cost is { } cost)
        {
            json.WriteString("cost", cost.Total.ToString(CultureInfo.InvariantCulture));
            json.WriteString("currency", cost.Currency);
            WriteText(json, "priced_as", cost.PricedAs);
        }

        json.WriteStartObject("server_tool_use");
        foreach ((string name, long uses) in record.ServerToolUse.OrderBy(use => use.Key, StringComparer.Ordinal))
        {
            json.WriteNumber(name, uses);
        }

        json.WriteEndObject();
        json.WriteStartObject("billed_units");
        foreach ((string name, decimal quantity) in record.BilledUnits.OrderBy(unit => unit.Key, StringComparer.Ordinal))
        {
            json.WriteString(name, quantity.ToString(CultureInfo.InvariantCulture));
        }

        json.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter json, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            json.WriteString(name, value);
        }
    }
}
