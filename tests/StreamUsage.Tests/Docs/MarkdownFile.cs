using System.Text.RegularExpressions;

namespace StreamUsage.Tests.Docs;

/// <summary>A Markdown file of the repository, named by its path from the root.</summary>
internal sealed partial class MarkdownFile(string path)
{
    private readonly string _text = File.ReadAllText(Path.Combine(Root, path)).ReplaceLineEndings("\n");

    public static string Root { get; } = FindRoot();

    /// <summary>Gets the files that users read.</summary>
    public static string[] All =>
    [
        .. Directory.EnumerateFiles(Root, "*.md").Select(Relative),
        .. Directory.EnumerateFiles(Path.Combine(Root, "docs"), "*.md", SearchOption.AllDirectories)
            .Select(Relative).Order(StringComparer.Ordinal),
        .. Directory.EnumerateDirectories(Path.Combine(Root, "src"))
            .Select(folder => Path.Combine(folder, "README.md")).Where(File.Exists).Select(Relative),
    ];

    public string Text => _text;

    /// <summary>Gets the number of words as <c>wc -w</c> counts them.</summary>
    public int Words => _text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;

    /// <summary>Gets the lines outside code blocks and tables.</summary>
    public IEnumerable<string> Prose => CodeBlock().Replace(_text, "").Split('\n').Where(line => !line.StartsWith('|'));

    /// <summary>Gets the targets of the links outside code, without those to the web.</summary>
    public IEnumerable<string> Links => Link().Matches(CodeBlock().Replace(_text, ""))
        .Select(link => link.Groups["target"].Value)
        .Where(target => !target.Contains("://", StringComparison.Ordinal));

    /// <summary>Gets the anchors of the headings.</summary>
    public IEnumerable<string> Anchors => Heading().Matches(CodeBlock().Replace(_text, ""))
        .Select(heading => NoAnchor().Replace(heading.Groups["text"].Value.ToLowerInvariant(), "").Replace(' ', '-'));

    /// <summary>Gets the content of the code blocks of a language.</summary>
    public IEnumerable<string> Blocks(string language) => CodeBlock().Matches(_text)
        .Where(block => block.Groups["language"].Value == language)
        .Select(block => block.Groups["code"].Value);

    private static string Relative(string file) => Path.GetRelativePath(Root, file).Replace('\\', '/');

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "StreamUsage.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException("StreamUsage.sln");
    }

    [GeneratedRegex(@"^```(?<language>\w*)\n(?<code>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#+ (?<text>.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NoAnchor();
}
