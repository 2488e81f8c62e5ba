using System.Text.Json;
using StreamUsage;

namespace QuickStart;

/// <summary>A recorded stream, and the <c>format</c> and <c>expected</c> of the .json file beside it, where there is
/// one.</summary>
internal sealed record Recording(Answer Answer, string? Format, ExpectedValues? Expected)
{
    private static readonly JsonSerializerOptions SnakeCase = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static IReadOnlyList<Recording> LoadAll(string folder) =>
        [.. Directory.EnumerateFiles(folder, "*.sse", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal).Select(file => Load(folder, file))];

    private static Recording Load(string folder, string file)
    {
        string name = Path.ChangeExtension(Path.GetRelativePath(folder, file), null).Replace('\\', '/');
        var answer = new Answer(name, ApiFormat.Auto, File.ReadAllBytes(file));
        string description = Path.ChangeExtension(file, ".json");
        if (!File.Exists(description))
        {
            return new Recording(answer, null, null);
        }

        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(description));
        JsonElement root = document.RootElement;
        string? format = root.TryGetProperty("format", out JsonElement named) ? named.GetString() : null;
        ExpectedValues? expected =
            root.TryGetProperty("expected", out JsonElement values) ? values.Deserialize<ExpectedValues>(SnakeCase) : null;
        return new Recording(answer, format, expected);
    }
}
