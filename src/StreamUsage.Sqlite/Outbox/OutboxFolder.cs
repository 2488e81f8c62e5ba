using Microsoft.Data.Sqlite;

namespace StreamUsage.Sqlite.Outbox;

/// <summary>Finds the file of this process, and those of ended ones: the path, and <c>name-1.db</c> and so on beside
/// it. A process holds the lock file of its own until it ends, also while SQLite cannot use the file.</summary>
internal sealed class OutboxFolder(string path, string process, OutboxLogger log, TimeProvider time) : IDisposable
{
    private const int MaxFiles = 256, RowsAtOnce = 500;

    private readonly string _path = Path.GetFullPath(path);
    private FileStream? _lock;

    /// <summary>Gets the path of this process's file; null before it was opened.</summary>
    public string? Own { get; private set; }

    /// <summary>Opens this process's file: the first that no other process holds. A damaged one is set aside, and what
    /// can be read of it is kept.</summary>
    /// <exception cref="IOException">There is no such file, or the folder cannot be used.</exception>
    /// <exception cref="SqliteException">The file cannot be used.</exception>
    public OutboxFile Open()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        for (int i = 0; i < MaxFiles && _lock is null; i++)
        {
            _lock = TryLock(FileAt(i));
            Own = _lock is null ? null : FileAt(i);
        }

        return OpenOrReplace(Own ?? throw new IOException($"All {MaxFiles} files of the outbox {_path} are in use."));
    }

    /// <summary>Takes over the rows of the files that ended processes left. A crash in the middle may keep a row in two
    /// files, with the same id.</summary>
    /// <param name="write">Writes rows to this process's file. Returns whether they are safe.</param>
    public async Task AdoptAsync(Func<IReadOnlyList<OutboxRow>, Task<bool>> write)
    {
        for (int i = 0; i < MaxFiles && File.Exists(FileAt(i)); i++)
        {
            string other = FileAt(i);
            if (other == Own)
            {
                continue;
            }

            try
            {
                using FileStream? held = TryLock(other);
                if (held is not null)
                {
                    using OutboxFile file = OpenOrReplace(other);
                    await MoveAsync(file, write).ConfigureAwait(false);
                }
            }
            catch (Exception fault)
            {
                log.Write(l => OutboxLog.NotAdopted(l, other, fault));
            }
        }
    }

    /// <summary>Replaces a damaged file by one with what could be read of it, under the same lock.</summary>
    public OutboxFile Replace(string damaged, Exception fault)
    {
        List<OutboxRow> rows = OutboxSalvage.Read(damaged);
        string renewed = damaged + ".new", aside = $"{damaged}.damaged-{time.GetUtcNow():yyyyMMddHHmmssfff}";
        Delete(renewed);
        using (OutboxFile file = OutboxFile.OpenOrCreate(renewed, process))
        {
            file.Begin();
            foreach (OutboxRow row in rows)
            {
                file.Restore(row);
            }

            file.Commit();
        }

        foreach (string ending in (string[])["", "-wal", "-shm"])
        {
            if (File.Exists(damaged + ending))
            {
                File.Move(damaged + ending, aside + ending, overwrite: true);
            }
        }

        File.Move(renewed, damaged); // Closing it has written its log into it.
        log.Write(l => OutboxLog.Damaged(l, damaged, aside, rows.Count, fault));
        return OutboxFile.OpenOrCreate(damaged, process);
    }

    public void Dispose() => _lock?.Dispose();

    private OutboxFile OpenOrReplace(string file)
    {
        try
        {
            return OutboxFile.OpenOrCreate(file, process);
        }
        catch (SqliteException fault) when (SqliteErrors.IsDamage(fault))
        {
            return Replace(file, fault);
        }
    }

    private async Task MoveAsync(OutboxFile other, Func<IReadOnlyList<OutboxRow>, Task<bool>> write)
    {
        int moved = 0;
        for (List<OutboxRow> rows; (rows = other.ReadFirst(RowsAtOnce)).Count != 0; moved += rows.Count)
        {
            if (!await write(rows).ConfigureAwait(false))
            {
                break;
            }

            other.Begin();
            foreach (OutboxRow row in rows)
            {
                other.Remove(row.Position);
            }

            other.Commit();
        }

        if (moved != 0)
        {
            log.Write(l => OutboxLog.Adopted(l, moved, other.Path));
        }
    }

    // The operating system releases it when the process ends. The file stays: deleting it would let two hold it.
    private static FileStream? TryLock(string file)
    {
        try
        {
            return new FileStream(file + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(file + ".lock"))
        {
            return null; // Most likely another process holds it.
        }
    }

    private static void Delete(string file)
    {
        foreach (string ending in (string[])["", "-wal", "-shm"])
        {
            File.Delete(file + ending);
        }
    }

    private string FileAt(int index) => index == 0
        ? _path
        : Path.Combine(
            Path.GetDirectoryName(_path)!, $"{Path.GetFileNameWithoutExtension(_path)}-{index}{Path.GetExtension(_path)}");
}
