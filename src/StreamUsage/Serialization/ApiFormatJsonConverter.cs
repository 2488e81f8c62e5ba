using System.Text.Json;
using System.Text.Json.Serialization;

namespace StreamUsage.Serialization;

/// <summary>Converts a format to and from its name.</summary>
internal sealed class ApiFormatJsonConverter : JsonConverter<ApiFormat>
{
    public override ApiFormat Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String ? new ApiFormat(reader.GetString()!) : throw new JsonException();

    public override void Write(Utf8JsonWriter writer, ApiFormat value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Name);
}
