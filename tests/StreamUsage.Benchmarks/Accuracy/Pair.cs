using System.Text;
using System.Text.Json;
using StreamUsage.Estimation;
using StreamUsage.Parsing;

namespace StreamUsage.Benchmarks.Accuracy;

/// <summary>A count that a provider reported, and what it is of.</summary>
internal sealed record Pair(string Protocol, string Model, PairKind Kind, long Tokens, ModelOutput Output, byte[] Request, string Source)
{
    public bool IsOutput => Kind is PairKind.Text or PairKind.ToolCalls;

    public ApiFormat Format => Protocol == "anthropic-messages" ? ApiFormat.Claude : ApiFormat.OpenAI;

    /// <summary>The pairs of a file in the format of token-pairs/pairs.jsonl.</summary>
    public static IReadOnlyList<Pair> Load(string path) => [.. File.ReadLines(path).Select(Parse)];

    private static Pair Parse(string line)
    {
        using JsonDocument document = JsonDocument.Parse(line);
        JsonElement root = document.RootElement;
        string protocol = root.GetProperty("format").GetString()!;
        bool isOutput = root.GetProperty("kind").ValueEquals("output");
        ModelOutput output = isOutput ? ReadOutput(root, protocol) : new ModelOutput();
        PairKind kind = isOutput
            ? output.Parts.Any(part => part.Kind == OutputKind.ToolName) ? PairKind.ToolCalls : PairKind.Text
            : root.GetProperty("has_tools").GetBoolean() ? PairKind.InputWithTools : PairKind.Input;
        byte[] request = isOutput ? [] : Encoding.UTF8.GetBytes(root.GetProperty("request").GetRawText());
        return new Pair(protocol, root.GetProperty("model").GetString()!, kind, root.GetProperty("tokens").GetInt64(), output, request,
            root.GetProperty("source").GetString()!);
    }

    private static ModelOutput ReadOutput(JsonElement root, string protocol)
    {
        var parts = new List<OutputPart>();
        if (root.GetProperty("text").GetString() is { Length: > 0 } text)
        {
            parts.Add(new OutputPart { Kind = OutputKind.Text, Text = text });
        }

        foreach (JsonElement call in root.GetProperty("tool_calls").EnumerateArray())
        {
            parts.Add(new OutputPart { Kind = OutputKind.ToolName, Text = call.GetProperty("name").GetString()! });
            parts.Add(new OutputPart { Kind = OutputKind.ToolArguments, Text = call.GetProperty("arguments").GetString()! });
        }

        return new ModelOutput
        {
            Protocol = protocol,
            Parts = parts,
            Characters = parts.Sum(part => part.Kind == OutputKind.ToolName ? 0 : part.Text.Length),
        };
    }
}
