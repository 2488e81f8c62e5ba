using System.Text.RegularExpressions;

namespace StreamUsage.Tests.Docs;

/// <summary>The regions of tests/StreamUsage.Snippets.</summary>
internal static partial class SnippetFiles
{
    public static Lazy<HashSet<string>> Regions { get; } = new(() =>
        [.. Directory.EnumerateFiles(Path.Combine(MarkdownFile.Root, "tests", "StreamUsage.Snippets"), "*.cs")
            .SelectMany(file => Region().Matches(File.ReadAllText(file).ReplaceLineEndings("\n")))
            .Select(region => Trim(region.Groups["code"].Value))]);

    /// <summary>Returns the code without the indentation that all its lines share.</summary>
    public static string Trim(string code)
    {
        string[] lines = [.. code.Trim('\n').Split('\n').Select(line => line.TrimEnd())];
        int indentation = lines.Where(line => line.Length != 0).Min(line => line.Length - line.TrimStart().Length);
        return string.Join('\n', lines.Select(line => line.Length == 0 ? line : line[indentation..]));
    }

    [GeneratedRegex(@"^ *#region [^\n]*\n(?<code>.*?)^ *#endregion", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Region();
}
