using System.Globalization;

namespace StreamUsage.Export.JsonLines;

/// <summary>The files that a <see cref="JsonLinesFile"/> has set aside, named NAME-yyyyMMddTHHmmss-NNNN.EXTENSION in UTC beside it. Files of any other name are somebody else's.</summary>
internal sealed class JsonLinesArchive(string path, int? maxFiles, TimeProvider time)
{
    private const string StampFormat = "yyyyMMdd'T'HHmmss";
    private const int StampLength = 15;

    private readonly string _folder = Path.GetDirectoryName(path)!;
    private readonly string _name = Path.GetFileNameWithoutExtension(path) + "-";
    private readonly string _extension = Path.GetExtension(path);

    /// <summary>Sets the file aside and deletes the oldest archives past the limit. Returns false, and leaves the file where it is, where the system refuses.</summary>
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

    /// <summary>Sets the file aside as one that holds no lines.</summary>
    public void MoveDamagedFile() => File.Move(path, FindFreePath(_extension + ".torn"));

    /// <summary>Keeps a line that was not written to its end in a file of its own.</summary>
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

    // A record that was stored must not fail for an old file that cannot be deleted.
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

    // An archive's time and number; null for a file that is none.
    private (DateTime Time, int Number)? FindOrder(string file)
    {
        if (!file.StartsWith(_name, StringComparison.Ordinal) || !file.EndsWith(_extension, StringComparison.Ordinal) || file.Length < _name.Length + StampLength + _extension.Length)
        {
            return null;
        }

        ReadOnlySpan<char> middle = file.AsSpan(_name.Length, file.Length - _name.Length - _extension.Length);
        return DateTime.TryParseExact(middle[..StampLength], StampFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime stamp)
            && middle.Length >= StampLength + 5 && middle[StampLength] == '-'
            && int.TryParse(middle[(StampLength + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? (stamp, number) : null;
    }
}
