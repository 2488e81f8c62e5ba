using System.Text.Json.Serialization;

namespace StreamUsage.Serialization;

/// <summary>The JSON form of a record, generated at compile time. What is null is left out; what can be computed from
/// the rest (totals) is not written.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    IgnoreReadOnlyProperties = true,
    UseStringEnumConverter = true,
    Converters = [typeof(ApiFormatJsonConverter)])]
[JsonSerializable(typeof(UsageRecord))]
internal sealed partial class UsageRecordJsonContext : JsonSerializerContext;
