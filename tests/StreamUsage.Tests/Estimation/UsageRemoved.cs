using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace StreamUsage.Tests.Estimation;

/// <summary>A recorded stream as it would have come from a provider that does not say what it cost.</summary>
internal static class UsageRemoved
{
    public static byte[] From(byte[] body)
    {
        string[] lines = Encoding.UTF8.GetString(body).Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i];
            if (line.StartsWith("data:", StringComparison.Ordinal) && TryParse(line[5..]) is { } data)
            {
                Remove(data);
                lines[i] = "data: " + data.ToJsonString();
            }
        }

        return Encoding.UTF8.GetBytes(string.Join('\n', lines));
    }

    private static JsonNode? TryParse(string json)
    {
        try
        {
            return JsonNode.Parse(json);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static void Remove(JsonNode? node)
    {
        if (node is JsonObject members)
        {
            foreach (string name in members.Select(member => member.Key).ToList())
            {
                if (name is "usage" or "x_groq" or "time_info")
                {
                    members.Remove(name);
                }
                else
                {
                    Remove(members[name]);
                }
            }
        }
        else if (node is JsonArray elements)
        {
            foreach (JsonNode? element in elements)
            {
                Remove(element);
            }
        }
    }
}
