using System.Text;

namespace StreamUsage.Tests.Support;

/// <summary>A folder of JSON lines files, gone with the test.</summary>
internal sealed class LineFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("streamusage-");

    /// <summary>The file that tests write to: <c>usage.jsonl</c>.</summary>
    public string File => PathOf("usage.jsonl");

    public IEnumerable<string> Names => _folder.GetFiles().Select(file => file.Name).Order(StringComparer.Ordinal);

    public static JsonLinesSinkOptions Quick => new() { FlushToDisk = false };

    public static UsageRecord Record(string id = "request") => new() { Id = Guid.NewGuid(), Context = new UsageContext { RequestId = id } };

    public string PathOf(string name) => Path.Combine(_folder.FullName, name);

    /// <summary>The files whose names match, in order.</summary>
    public string[] Find(string pattern) => [.. _folder.GetFiles(pattern).Select(file => file.FullName).Order(StringComparer.Ordinal)];

    public static void Write(JsonLinesSink sink, UsageRecord record) => sink.RecordAsync(record, default).AsTask().GetAwaiter().GetResult();

    /// <summary>The ids of a file in which every line must be a record.</summary>
    public static List<Guid> Ids(string path)
    {
        string text = Text(path);
        text.Should().Match(t => t.Length == 0 || t.EndsWith('\n'));
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => UsageRecordJson.Read(Encoding.UTF8.GetBytes(line)).Id)];
    }

    public static string Text(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    public static void Append(string path, string text)
    {
        using var stream = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        stream.Write(Encoding.UTF8.GetBytes(text));
    }

    public static void Truncate(string path, long length = 0)
    {
        using var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        stream.SetLength(length);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
