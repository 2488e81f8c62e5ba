namespace StreamUsage.Tests.Support;

/// <summary>Recorded streams and vectors that lie beside the repository, in its sibling folder <c>shared</c>. They are
/// read in place; where they are missing, tests that need them are skipped.</summary>
internal static class SharedFiles
{
    private static readonly string? Root = Find();

    public static string[] Corpora => Directory("corpus") is { } corpus ? System.IO.Directory.GetDirectories(corpus) : [];

    public static string? Directory(params ReadOnlySpan<string> parts)
    {
        string? path = Root is null ? null : Path.Combine([Root, .. parts]);
        return System.IO.Directory.Exists(path) ? path : null;
    }

    public static string Require(params ReadOnlySpan<string> parts)
    {
        string? path = Root is null ? null : Path.Combine([Root, .. parts]);
        if (!Path.Exists(path))
        {
            Assert.Skip($"'shared/{string.Join('/', parts.ToArray())}' does not lie beside the repository.");
        }

        return path;
    }

    private static string? Find()
    {

        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "StreamUsage.sln")))
            {
                string shared = Path.Combine(folder.Parent?.FullName ?? "", "shared");
                return System.IO.Directory.Exists(shared) ? shared : null;
            }
        }

        return null;
    }
}
