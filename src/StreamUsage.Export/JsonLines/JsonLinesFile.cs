using Microsoft.Win32.SafeHandles;

namespace StreamUsage.Export.JsonLines;

/// <summary>
/// A file of lines that grows at its end only, and is set aside when it is full. Cuts off nothing but what a failed write of its own has left. Not thread-safe; holds the file's lock until it is disposed.
/// </summary>
internal sealed class JsonLinesFile : IDisposable
{
    // A record is longer only where megabytes of content are captured. Looking no further makes a large file as quick to open as a small one.
    private const int MaxTornBytes = 16 * 1024 * 1024;

    private readonly string _path;
    private readonly long _maxBytes;
    private readonly bool _flushesToDisk;
    private readonly JsonLinesArchive _archive;
    private readonly ExclusiveFileLock? _lock;
    private readonly FileWrite _write;
    private OwnedFile? _file;
    private long _length; // Where the last whole line ends.
    private byte[]? _failed; // What a write that failed may have left the beginning of behind it.
    private bool _isDisposed;

    /// <summary>Opens the file, or creates it, and takes its lock.</summary>
    /// <param name="path">The full path.</param>
    /// <param name="options">How files are kept.</param>
    /// <param name="time">The clock that names what is set aside.</param>
    /// <param name="write">What writes: in tests a disk that is full; null for the file itself.</param>
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

    /// <summary>Appends whole lines: all of them, or, where it throws, none.</summary>
    public void Append(ReadOnlySpan<byte> lines)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        SafeFileHandle handle = FindFile().Handle;
        if (_length != 0 && _length + lines.Length > _maxBytes)
        {
            handle = SetAside().Handle;
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

    // The file may have been deleted, renamed, replaced or truncated, and others may have written to it.
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

    // Where that is refused, the file grows on: a record in too large a file is better than a record in none.
    private OwnedFile SetAside()
    {
        Close();
        _archive.TryMoveFile();
        return Open();
    }

    // The start of a last line without an end; null where the last line has one. A line over the limit starts, for all that is known, at 0.
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

    // A crash has torn the line, or somebody else has written it. It is kept in a file of its own, unless it lacks nothing but its end. False for what is no file of lines.
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
            return false; // Whatever its reader says of it.
        }
    }
}
