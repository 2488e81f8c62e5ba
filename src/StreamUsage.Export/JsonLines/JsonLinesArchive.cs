using System.Globalization;

namespace StreamUsage.Export.JsonLines;

/// <summary>Represents the archived files of a <see cref="JsonLinesFile"/>, named NAME-yyyyMMddTHHmmss-NNNN.EXTENSION
/// in UTC. Files with other names are not touched.</summary>
internal sealed class JsonLinesArchive(string path, int? maxFiles, TimeProvider time)
{
    private const string StampFormat = "yyyyMMdd'T'HHmmss";
    private const int StampLength = 15;

    private readonly string _folder = Path.GetDirectoryName(path)!;
    private readonly string _name = Path.GetFileNameWithoutExtension(path) + "-";
    private readonly string _extension = Path.GetExtension(path);

    /// <summary>Archives the file and deletes the oldest archives over the limit. Returns false if the system
    /// refuses.</summary>
    public bool TryMoveFile()
    {
        try
        {
            File.Move(path, FindFreePath(_extension));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return false;
        }

        DeleteOldest();
        return true;
    }

    /// <summary>Archives a file that holds no lines.</summary>
    public void MoveDamagedFile() => File.Move(path, FindFreePath(_extension + ".torn"));

    /// <summary>Saves an unterminated line to its own file.</summary>
    public void KeepTornLine(ReadOnlySpan<byte> line)
    {
        using OwnedFile torn = OwnedFile.Open(FindFreePath(_extension + ".torn"), FileMode.CreateNew);
        RandomAccess.Write(torn.Handle, line, 0);
        RandomAccess.FlushToDisk(torn.Handle);
    }

    private string FindFreePath(string extension)
    {
        string stamp = time.GetUtcNow().ToString(StampFormat, CultureInfo.InvariantCulture);
        for (int number = 0; ; number++)
        {
            string candidate = Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"{_name}{stamp}-{number:D4}{extension}"));
            if (!Path.Exists(candidate))
            {
                return candidate;
            }
        }
    }

    // A record must not fail because an old file cannot be deleted.
    private void DeleteOldest()
    {
        if (maxFiles is not { } max)
        {
            return;
        }

        try
        {
            var archives = Directory.EnumerateFiles(_folder)
                .Select(file => (File: file, Order: FindOrder(Path.GetFileName(file))))
                .Where(archive => archive.Order is not null)
                .OrderByDescending(archive => archive.Order);
            foreach ((string file, _) in archives.Skip(max).ToList())
            {
                File.Delete(file);
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Tried again with the next file.
        }
    }

    // Returns an archive's time and number; null for other files.
    private (DateTime Time, int Number)? FindOrder(string file)
    {
        if (!file.StartsWith(_name, StringComparison.Ordinal) || !file.EndsWith(_extension, StringComparison.Ordinal)
            || file.Length < _name.Length + StampLength + _extension.Length)
        {
            return null;
        }

        ReadOnlySpan<char> middle = file.AsSpan(_name.Length, file.Length - _name.Length - _extension.Length);
        return DateTime.TryParseExact(
            middle[..StampLength], StampFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime stamp)
            && middle.Length >= StampLength + 5 && middle[StampLength] == '-'
            && int.TryParse(middle[(StampLength + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                ? (stamp, number) : null;
    }
}
