using System.Text.Json.Serialization;

namespace StreamUsage.Serialization;

/// <summary>Represents the JSON format of a record, generated at compile time. Nulls and computed values (totals) are
/// not written.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    IgnoreReadOnlyProperties = true,
    UseStringEnumConverter = true,
    Converters = [typeof(ApiFormatJsonConverter)])]
[JsonSerializable(typeof(UsageRecord))]
internal sealed partial class UsageRecordJsonContext : JsonSerializerContext;
