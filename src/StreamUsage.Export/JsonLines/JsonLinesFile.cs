using Microsoft.Win32.SafeHandles;

namespace StreamUsage.Export.JsonLines;

/// <summary>Appends whole lines to a file, and archives the file when it is full. Holds the file's lock until it is
/// disposed. Not thread-safe.</summary>
internal sealed class JsonLinesFile : IDisposable
{
    // A longer line is no record, unless megabytes of content were captured. Limits the time to open a file.
    private const int MaxTornBytes = 16 * 1024 * 1024;

    private readonly string _path;
    private readonly long _maxBytes;
    private readonly bool _flushesToDisk;
    private readonly JsonLinesArchive _archive;
    private readonly ExclusiveFileLock? _lock;
    private readonly FileWrite _write;
    private OwnedFile? _file;
    private long _length; // The end of the last whole line.
    private byte[]? _failed; // The lines of a failed write. Their beginning may be in the file.
    private bool _isDisposed;

    /// <summary>Opens or creates the file, and takes its lock.</summary>
    /// <param name="path">The full path.</param>
    /// <param name="options">The options.</param>
    /// <param name="time">The clock for the names of archived files.</param>
    /// <param name="write">Writes to the file, for tests; null for the default.</param>
    public JsonLinesFile(string path, JsonLinesSinkOptions options, TimeProvider time, FileWrite? write = null)
    {
        _write = write ?? RandomAccess.Write;
        var link = new FileInfo(path);
        _path = link.LinkTarget is null ? path : link.ResolveLinkTarget(returnFinalTarget: true)!.FullName;
        _maxBytes = options.MaxFileBytes;
        _flushesToDisk = options.FlushToDisk;
        _archive = new JsonLinesArchive(_path, options.MaxArchivedFiles, time);
        _lock = ExclusiveFileLock.Take(_path);
        try
        {
            Open();
        }
        catch
        {
            _lock?.Dispose();
            throw;
        }
    }

    public delegate void FileWrite(SafeFileHandle handle, ReadOnlySpan<byte> bytes, long offset);

    /// <summary>Appends the lines. If it throws, the next call removes any part that was written.</summary>
    public void Append(ReadOnlySpan<byte> lines)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        SafeFileHandle handle = FindFile().Handle;
        if (_length != 0 && _length + lines.Length > _maxBytes)
        {
            handle = Archive().Handle;
        }

        try
        {
            _write(handle, lines, _length);
            if (_flushesToDisk)
            {
                RandomAccess.FlushToDisk(handle);
            }
        }
        catch
        {
            _failed = lines.ToArray();
            throw;
        }

        _failed = null;
        _length += lines.Length;
    }

    public void Dispose()
    {
        _isDisposed = true;
        Close();
        _lock?.Dispose();
    }

    private void Close()
    {
        _file?.Dispose();
        _file = null;
    }

    private OwnedFile Open()
    {
        OwnedFile file = OwnedFile.Open(_path);
        try
        {
            if (FindTornLine(file) is { } start && !TryRepair(file, start))
            {
                file.Dispose();
                _archive.MoveDamagedFile();
                file = OwnedFile.Open(_path);
            }

            _length = file.Length;
            _failed = null;
        }
        catch
        {
            file.Dispose();
            throw;
        }

        return _file = file;
    }

    // Other programs may have deleted, renamed, replaced or truncated the file, or written to it. Then it is opened
    // again.
    private OwnedFile FindFile()
    {
        if (_file is { } file)
        {
            CutFailed(file);
            if (file.Length == _length && file.IsInPlace)
            {
                return file;
            }

            Close();
        }

        return Open();
    }

    // Removes what a failed write left, if nothing else was written since.
    private void CutFailed(OwnedFile file)
    {
        long left = file.Length - _length;
        if (_failed is null || left <= 0 || left > _failed.Length)
        {
            return;
        }

        byte[] found = new byte[left];
        int read = RandomAccess.Read(file.Handle, found, _length);
        if (read == left && found.AsSpan().SequenceEqual(_failed.AsSpan(0, read)))
        {
            RandomAccess.SetLength(file.Handle, _length);
            _failed = null;
        }
    }

    // If archiving fails, the file keeps growing, and no record is lost.
    private OwnedFile Archive()
    {
        Close();
        _archive.TryMoveFile();
        return Open();
    }

    // Returns the start of an unterminated last line; null if there is none. Returns 0 for a line over the limit.
    private static long? FindTornLine(OwnedFile file)
    {
        long length = file.Length;
        byte[] buffer = new byte[4096];
        for (long end = length; end > 0 && length - end <= MaxTornBytes;)
        {
            int size = (int)Math.Min(buffer.Length, end);
            int read = RandomAccess.Read(file.Handle, buffer.AsSpan(0, size), end - size);
            int found = buffer.AsSpan(0, read).LastIndexOf((byte)'\n');
            if (found >= 0)
            {
                long start = end - size + found + 1;
                return start == length ? null : start;
            }

            end -= size;
        }

        return length == 0 ? null : 0;
    }

    // The line was cut by a crash, or written by another program. If only its line break is missing, that is added.
    // Else the line is moved to its own file. Returns false for a line over the limit.
    private bool TryRepair(OwnedFile file, long start)
    {
        long length = file.Length - start;
        if (length > MaxTornBytes)
        {
            return false;
        }

        byte[] line = new byte[length];
        ReadOnlySpan<byte> torn = line.AsSpan(0, RandomAccess.Read(file.Handle, line, start));
        if (IsRecord(torn))
        {
            RandomAccess.Write(file.Handle, "\n"u8, start + torn.Length);
        }
        else
        {
            _archive.KeepTornLine(torn);
            RandomAccess.SetLength(file.Handle, start);
        }

        return true;
    }

    private static bool IsRecord(ReadOnlySpan<byte> line)
    {
        try
        {
            UsageRecordJson.Read(line);
            return true;
        }
        catch (Exception)
        {
            return false; // Any exception of the reader means invalid data.
        }
    }
}
