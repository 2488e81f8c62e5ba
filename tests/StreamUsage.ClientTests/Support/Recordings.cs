namespace StreamUsage.ClientTests.Support;

/// <summary>Recorded streams in the folder <c>shared</c> beside the repository. Where they are missing, tests of them
/// are skipped.</summary>
internal static class Recordings
{
    public static IEnumerable<string> Names(string format)
    {
        string? folder = Find() is { } corpus ? Path.Combine(corpus, format) : null;
        return Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder, "*.sse").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal) : [""];
    }

    public static byte[] Read(string format, string name)
    {
        Assert.SkipWhen(name.Length == 0, $"'shared/corpus/{format}' does not lie beside the repository.");
        return File.ReadAllBytes(Path.Combine(Find()!, format, name));
    }

    private static string? Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "StreamUsage.sln")))
            {
                string corpus = Path.Combine(folder.Parent?.FullName ?? "", "shared", "corpus");
                return Directory.Exists(corpus) ? corpus : null;
            }
        }

        return null;
    }
}
