namespace StreamUsage.Export.JsonLines;

/// <summary>Prevents two sinks, even in different processes, from writing to one file. The system releases the lock
/// when the process ends.</summary>
/// <remarks>On Windows, the open file itself is the lock. Elsewhere a second file is locked, because an exclusive lock
/// on the file would also exclude readers.</remarks>
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

    /// <summary>Takes the lock of a file; null if the system needs none.</summary>
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

            file.Dispose(); // The previous holder deleted it after it was opened here.
        }

        throw Taken(path, null);
    }

    public void Dispose()
    {
        if (_file.HasIdentity)
        {
            TryDelete(); // While still locked, so that a sink that has opened it notices.
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

    private static IOException Taken(string path, Exception? fault) =>
        new($"The lock '{path}.lock' cannot be taken. Another sink may be writing to the file '{path}'.", fault);

    private void TryDelete()
    {
        try
        {
            File.Delete(_path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // The next sink locks the remaining file.
        }
    }
}
