using System.Text.Json;
using System.Text.Json.Nodes;

namespace StreamUsage.Tests.Support;

/// <summary>JSON that is equal where its values are: keys sorted, no spaces. What is no JSON stays as it is.</summary>
internal static class CanonicalJson
{
    private static readonly JsonSerializerOptions Plain =
        new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Returns the canonical form; the text as it stands where it is no JSON, as that of a call that was cut
    /// off.</summary>
    public static string Of(string json)
    {
        try
        {
            return Sort(JsonNode.Parse(json))?.ToJsonString(Plain) ?? "null";
        }
        catch (JsonException)
        {
            return json;
        }
    }

    private static JsonNode? Sort(JsonNode? node) => node switch
    {
        JsonObject members => new JsonObject(members.OrderBy(member => member.Key, StringComparer.Ordinal)
            .Select(member => KeyValuePair.Create(member.Key, Sort(member.Value)))),
        JsonArray elements => new JsonArray([.. elements.Select(Sort)]),
        _ => node?.DeepClone(),
    };
}
