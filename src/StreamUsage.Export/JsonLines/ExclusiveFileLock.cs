namespace StreamUsage.Export.JsonLines;

/// <summary>
/// Keeps a second sink, of this process or another one, from writing to the same file. Windows does that by itself. Elsewhere the lock is one on a file beside it, because .NET refuses readers of
/// a file that is itself locked. The system ends the lock when the process ends, however that happens.
/// </summary>
internal sealed class ExclusiveFileLock : IDisposable
{
    private const int MaxAttempts = 10;

    private readonly string _path;
    private readonly OwnedFile _file;

    private ExclusiveFileLock(string path, OwnedFile file)
    {
        _path = path;
        _file = file;
    }

    /// <summary>Takes the lock of a file; null where the system needs none.</summary>
    /// <exception cref="IOException">Another sink holds it.</exception>
    public static ExclusiveFileLock? Take(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return null;
        }

        string lockPath = path + ".lock";
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            OwnedFile file = Open(path, lockPath);
            if (!file.HasIdentity || file.IsInPlace)
            {
                return new ExclusiveFileLock(lockPath, file);
            }

            file.Dispose(); // Its last holder has deleted it between its opening and its locking.
        }

        throw Taken(path, null);
    }

    public void Dispose()
    {
        if (_file.HasIdentity)
        {
            TryDelete(); // As long as it is locked: whoever has opened it sees that it is gone.
        }

        _file.Dispose();
    }

    private static OwnedFile Open(string path, string lockPath)
    {
        try
        {
            return OwnedFile.Open(lockPath, share: FileShare.None);
        }
        catch (IOException fault) when (fault is not (DirectoryNotFoundException or PathTooLongException))
        {
            throw Taken(path, fault);
        }
    }

    private static IOException Taken(string path, Exception? fault) => new($"Another sink writes to the file '{path}': its lock '{path}.lock' cannot be taken.", fault);

    private void TryDelete()
    {
        try
        {
            File.Delete(_path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // It stays, and is taken again next time.
        }
    }
}
