using System.Text.Json;
using StreamUsage.Sse;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Sse;

/// <summary>Bodies and events of public conformance tests, which lie beside the repository.</summary>
public sealed class SseVectorTests
{
    public static TheoryData<string> Names()
    {
        var names = new TheoryData<string>();
        if (SharedFiles.Directory("data", "sse-vectors") is { } folder)
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "vectors.json")));
            foreach (JsonElement vector in document.RootElement.EnumerateArray())
            {
                names.Add(vector.GetProperty("name").GetString()!);
            }
        }

        if (names.Count == 0)
        {
            names.Add("");
        }

        return names;
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_vector_gives_its_events_whole_byte_by_byte_and_cut_anywhere(string name)
    {
        string path = SharedFiles.Require("data", "sse-vectors", "vectors.json");
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        JsonElement vector = document.RootElement.EnumerateArray().Single(v => v.GetProperty("name").GetString() == name);
        byte[] body = vector.GetProperty("body_base64").GetBytesFromBase64();
        JsonElement[] listed = [.. vector.GetProperty("events").EnumerateArray()];
        bool sayIds = listed.Any(e => e.TryGetProperty("id", out _));
        DecodedEvent[] expected = [.. listed.Select(e => new DecodedEvent(
            e.GetProperty("type").GetString()!, e.GetProperty("data").GetString()!, sayIds ? e.GetProperty("id").GetString()! : ""))];

        await SseBytes.ShouldDecodeToAsync(body, expected, comparesIds: sayIds, comparesRetry: false);
        if (!vector.TryGetProperty("eof_policy", out JsonElement policy) || !policy.GetBoolean())
        {
            await SseBytes.ShouldDecodeToAsync(
                body, expected, new SseReaderOptions { DeliverUnfinishedEvent = true }, comparesIds: sayIds, comparesRetry: false);
        }
    }
}
