using System.Text.Json.Nodes;

namespace StreamUsage.Tests.Docs;

/// <summary>The pages that users read: short, with links that lead somewhere and code that compiles.</summary>
public sealed class MarkdownTests
{
    private const int MaxReadmeWords = 1000, MaxPageWords = 900, MaxLineLength = 120;

    public static TheoryData<string> Files => [.. MarkdownFile.All];

    public static TheoryData<string> Pages => [.. MarkdownFile.All.Where(IsPage)];

    [Fact]
    public void The_readme_is_short() => new MarkdownFile("README.md").Words.Should().BeLessThanOrEqualTo(MaxReadmeWords);

    [Theory]
    [MemberData(nameof(Pages))]
    public void A_page_is_short(string path) => new MarkdownFile(path).Words.Should().BeLessThanOrEqualTo(MaxPageWords);

    [Theory]
    [MemberData(nameof(Files))]
    public void Lines_are_short(string path) => new MarkdownFile(path).Prose.Should().OnlyContain(line => line.Length <= MaxLineLength);

    [Theory]
    [MemberData(nameof(Files))]
    public void Relative_links_lead_to_files_and_headings(string path)
    {
        string folder = Path.GetDirectoryName(path)!;

        IEnumerable<string> broken = new MarkdownFile(path).Links.Where(link => !LeadsSomewhere(path, folder, link.Split('#')));

        broken.Should().BeEmpty();
    }

    [Fact]
    public void A_package_readme_has_no_relative_links()
    {
        IEnumerable<string> links = MarkdownFile.All.Where(path => path.StartsWith("src/", StringComparison.Ordinal))
            .SelectMany(path => new MarkdownFile(path).Links);

        links.Should().BeEmpty("they lead nowhere on nuget.org");
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Code_is_that_of_the_snippets_project(string path)
    {
        IEnumerable<string> unknown = new MarkdownFile(path).Blocks("csharp").Select(SnippetFiles.Trim).Except(SnippetFiles.Regions.Value);

        unknown.Should().BeEmpty("each block is a region in tests/StreamUsage.Snippets, which compiles");
    }

    [Fact]
    public void The_readme_shows_a_record_as_the_library_writes_it()
    {
        string shown = new MarkdownFile("README.md").Blocks("json").Single().ReplaceLineEndings("");

        UsageRecord record = UsageRecordJson.Read(System.Text.Encoding.UTF8.GetBytes(shown));

        JsonNode written = JsonNode.Parse(UsageRecordJson.ToUtf8Bytes(record))!;
        JsonNode.Parse(shown)!.AsObject().Should().OnlyContain(property => JsonNode.DeepEquals(property.Value, written[property.Key]));
    }

    private static bool IsPage(string path) => path.StartsWith("docs/", StringComparison.Ordinal) && path.LastIndexOf('/') == "docs".Length;

    private static bool LeadsSomewhere(string path, string folder, string[] link)
    {
        string target = link[0].Length == 0 ? path : Path.Combine(folder, link[0]);
        return Path.Exists(Path.Combine(MarkdownFile.Root, target))
            && (link.Length == 1 || new MarkdownFile(target).Anchors.Contains(link[1]));
    }
}
