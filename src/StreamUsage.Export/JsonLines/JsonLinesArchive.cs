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

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    /// <summary>Archives the file and deletes the oldest archives over the limit. Returns false if the file cannot be
    /// moved.</summary>
    public bool TryMoveFile()
    {
        try
        {
            File.Move(path, FindNextPath());
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return false;
        }

        DeleteOldest();
        return true;
    }

    /// <summary>Moves away a file whose last line is too long to be one.</summary>
    public void MoveDamagedFile() => File.Move(path, FindFreePath(_extension + ".torn"));

    /// <summary>Saves an unterminated line to its own file.</summary>
    public void KeepTornLine(ReadOnlySpan<byte> line)
    {
        using OwnedFile torn = OwnedFile.Open(FindFreePath(_extension + ".torn"), FileMode.CreateNew);
        RandomAccess.Write(torn.Handle, line, 0);
        RandomAccess.FlushToDisk(torn.Handle);
    }

    // Returns the path of the newest archive. Deletion goes by time and number, so these must never decrease: neither
    // if the clock is set back, nor if the lower numbers of this second were deleted.
    private string FindNextPath()
    {
        if (maxFiles is null)
        {
            return FindFreePath(_extension);
        }

        (DateTime Time, int Number) newest = FindArchives().Select(archive => archive.Order).DefaultIfEmpty().Max();
        return Now - newest.Time >= TimeSpan.FromSeconds(1)
            ? FindFreePath(_extension) : FindFreePath(_extension, newest.Time, newest.Number + 1);
    }

    private string FindFreePath(string extension) => FindFreePath(extension, Now, 0);

    private string FindFreePath(string extension, DateTime stampTime, int firstNumber)
    {
        string stamp = stampTime.ToString(StampFormat, CultureInfo.InvariantCulture);
        for (int number = firstNumber; ; number++)
        {
            string candidate = Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"{_name}{stamp}-{number:D4}{extension}"));
            if (!Path.Exists(candidate))
            {
                return candidate;
            }
        }
    }

    // A failure is ignored: it must not fail the record that is being written.
    private void DeleteOldest()
    {
        if (maxFiles is not { } max)
        {
            return;
        }

        try
        {
            foreach ((string file, _) in FindArchives().OrderByDescending(archive => archive.Order).Skip(max).ToList())
            {
                File.Delete(file);
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // The next archive tries again.
        }
    }

    private IEnumerable<(string File, (DateTime Time, int Number) Order)> FindArchives()
    {
        foreach (string file in Directory.EnumerateFiles(_folder))
        {
            if (FindOrder(Path.GetFileName(file)) is { } order)
            {
                yield return (file, order);
            }
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
