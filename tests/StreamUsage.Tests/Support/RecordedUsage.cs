using System.Globalization;
using System.Text.Json;

namespace StreamUsage.Tests.Support;

/// <summary>
/// A usage object as a provider reported it, and what genai-prices computes for it (shared/data/usage-prices).
/// </summary>
internal sealed record RecordedUsage(
    string Format, string Provider, string Model, string BodyMembers, decimal InputPrice, decimal OutputPrice)
{
    public static IEnumerable<RecordedUsage> All()
    {
        foreach (string line in File.ReadLines(SharedFiles.Require("data", "usage-prices", "usages.jsonl")))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement root = document.RootElement;
            yield return new RecordedUsage(
                Text("format"), Text("provider"), Text("model"), root.GetProperty("body").GetRawText()[1..^1], Amount("input_price"),
                Amount("output_price"));

            string Text(string name) => root.GetProperty(name).GetString()!;

            decimal Amount(string name) => decimal.Parse(Text(name), NumberStyles.Float, CultureInfo.InvariantCulture);
        }
    }

    /// <summary>A whole JSON answer around the usage object.</summary>
    public string ToBody() => Format switch
    {
        "anthropic-messages" => """{"type":"message","id":"m","role":"assistant","content":[{"type":"text","text":"t"}]"""
            + $$""","stop_reason":"end_turn",{{BodyMembers}}}""",
        "openai-chat" => """{"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"t"}"""
            + $$""","finish_reason":"stop"}],{{BodyMembers}}}""",
        "openai-responses" => $$"""{"id":"r","object":"response","status":"completed","output":[],{{BodyMembers}}}""",
        _ => $$"""{"candidates":[{"content":{"parts":[{"text":"t"}]},"finishReason":"STOP"}],{{BodyMembers}}}""",
    };
}
