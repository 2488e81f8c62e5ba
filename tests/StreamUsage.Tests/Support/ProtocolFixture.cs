using System.Text;
using System.Text.Json;

namespace StreamUsage.Tests.Support;

/// <summary>
/// A small body of a protocol, written for the tests, and the values that its record must have. A <c>.chunks</c> file
/// holds the events of an invoked model, one a line, which are framed here.
/// </summary>
public sealed record ProtocolFixture(string Family, string Name, string Path)
{
    private static readonly string Root = System.IO.Path.Combine(AppContext.BaseDirectory, "Fixtures", "Protocols");

    public byte[] Body => ToBody(File.ReadAllText(Path));

    public JsonElement Expected
    {
        get
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(System.IO.Path.Combine(Root, Family, "expected.json")));
            return document.RootElement.GetProperty(Name).Clone();
        }
    }

    public ApiFormat Format => new(Expected.GetProperty("format").GetString()!);

    /// <summary>Whether the body is one document.</summary>
    public bool IsWhole => Name.EndsWith(".body", StringComparison.Ordinal);

    /// <summary>Whether the body is an event stream, whose events lie in base64.</summary>
    public bool IsBinary => Name.EndsWith(".chunks", StringComparison.Ordinal);

    public static IReadOnlyList<ProtocolFixture> All =>
        [.. Directory.GetFiles(Root, "*", SearchOption.AllDirectories)
            .Where(path => !path.EndsWith("expected.json", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
            .Select(path => new ProtocolFixture(
                System.IO.Path.GetFileName(System.IO.Path.GetDirectoryName(path)!), System.IO.Path.GetFileName(path), path))];

    public static TheoryData<string, string> Names
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (ProtocolFixture fixture in All)
            {
                data.Add(fixture.Family, fixture.Name);
            }

            return data;
        }
    }

    public static ProtocolFixture Find(string family, string name) =>
        All.Single(fixture => fixture.Family == family && fixture.Name == name);

    /// <summary>The body that a fixture's text stands for.</summary>
    public byte[] ToBody(string text)
    {
        if (!IsBinary)
        {
            return Encoding.UTF8.GetBytes(text);
        }

        var stream = new EventStreamBytes();
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            stream.Chunk(line);
        }

        return stream.ToArray();
    }

    public override string ToString() => $"{Family}/{Name}";
}
