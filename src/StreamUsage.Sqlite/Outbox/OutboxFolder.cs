using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace StreamUsage.Sqlite.Outbox;

/// <summary>Finds the file of this process, and those of ended ones: the path, and <c>name-1.db</c> and so on beside
/// it.</summary>
internal sealed class OutboxFolder(string path, string process, ILogger? logger, TimeProvider time)
{
    private const int MaxFiles = 256, RowsAtOnce = 500;

    private readonly string _path = Path.GetFullPath(path);

    /// <summary>Opens the first file that no other process holds. A damaged one is set aside, and what can be read of
    /// it is kept.</summary>
    /// <exception cref="IOException">There is no such file.</exception>
    /// <exception cref="SqliteException">The folder, or the disk, does not allow it.</exception>
    public OutboxFile Open()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        for (int i = 0; i < MaxFiles; i++)
        {
            if (TryOpen(FileAt(i)) is { } file)
            {
                return file;
            }
        }

        throw new IOException($"All {MaxFiles} files of the outbox {_path} are in use.");
    }

    /// <summary>Takes over the rows of the files that ended processes left. A crash in the middle may keep a row in two
    /// files, with the same id.</summary>
    /// <param name="own">The path of this process's file.</param>
    /// <param name="write">Writes rows to it. Returns whether they are safe.</param>
    public async Task AdoptAsync(string own, Func<IReadOnlyList<OutboxRow>, Task<bool>> write)
    {
        for (int i = 0; i < MaxFiles && File.Exists(FileAt(i)); i++)
        {
            string path = FileAt(i);
            if (path == own)
            {
                continue;
            }

            try
            {
                using OutboxFile? other = TryOpen(path);
                if (other is not null)
                {
                    await MoveAsync(other, write).ConfigureAwait(false);
                }
            }
            catch (Exception fault) when (fault is SqliteException or IOException or UnauthorizedAccessException or NotSupportedException)
            {
                if (logger is not null)
                {
                    OutboxLog.NotAdopted(logger, path, fault);
                }
            }
        }
    }

    /// <summary>Sets a damaged file aside, and returns a new one with what could be read of it.</summary>
    public OutboxFile Replace(string damaged, Exception fault)
    {
        List<OutboxRow> rows = OutboxSalvage.Read(damaged);
        string aside = $"{damaged}.damaged-{time.GetUtcNow():yyyyMMddHHmmssfff}";
        foreach (string ending in (string[])["", "-wal", "-shm"])
        {
            if (File.Exists(damaged + ending))
            {
                File.Move(damaged + ending, aside + ending, overwrite: true);
            }
        }

        if (logger is not null)
        {
            OutboxLog.Damaged(logger, damaged, aside, rows.Count, fault);
        }

        var file = OutboxFile.OpenOrCreate(damaged, process);
        Write(file, rows);
        return file;
    }

    private OutboxFile? TryOpen(string path)
    {
        try
        {
            return OutboxFile.OpenOrCreate(path, process);
        }
        catch (SqliteException fault) when (SqliteErrors.IsInUse(fault))
        {
            return null;
        }
        catch (SqliteException fault) when (SqliteErrors.IsDamage(fault))
        {
            return Replace(path, fault);
        }
    }

    private async Task MoveAsync(OutboxFile other, Func<IReadOnlyList<OutboxRow>, Task<bool>> write)
    {
        int moved = 0;
        for (List<OutboxRow> rows; (rows = other.ReadAll(0, RowsAtOnce)).Count != 0; moved += rows.Count)
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

        if (moved != 0 && logger is not null)
        {
            OutboxLog.Adopted(logger, moved, other.Path);
        }
    }

    private static void Write(OutboxFile file, List<OutboxRow> rows)
    {
        file.Begin();
        try
        {
            foreach (OutboxRow row in rows)
            {
                file.Adopt(row);
            }

            file.Commit();
        }
        catch
        {
            file.Rollback();
            throw;
        }
    }

    private string FileAt(int index) => index == 0
        ? _path
        : Path.Combine(
            Path.GetDirectoryName(_path)!, $"{Path.GetFileNameWithoutExtension(_path)}-{index}{Path.GetExtension(_path)}");
}
