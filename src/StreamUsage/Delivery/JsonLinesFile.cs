using System.Globalization;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace StreamUsage.Delivery;

/// <summary>A file of lines that grows at its end only, and is set aside when it is full. Not thread-safe.</summary>
internal sealed class JsonLinesFile : IDisposable
{
    private const int MaxTornBytes = 64 * 1024 * 1024;

    private readonly string _path;
    private readonly long _maxBytes;
    private readonly int? _maxArchived;
    private readonly bool _flushesToDisk;
    private readonly TimeProvider _time;
    private SafeFileHandle? _handle;
    private long _length; // Where the last whole line ends.
    private bool _isDisposed;

    public JsonLinesFile(string path, long maxBytes, int? maxArchived, bool flushesToDisk, TimeProvider time)
    {
        _path = path;
        _maxBytes = maxBytes;
        _maxArchived = maxArchived;
        _flushesToDisk = flushesToDisk;
        _time = time;
        Open();
    }

    /// <summary>Appends whole lines: all of them, or, where it throws, none.</summary>
    public void Append(ReadOnlySpan<byte> lines)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_handle is not null && _length != 0 && _length + lines.Length > _maxBytes)
        {
            SetAside();
        }

        SafeFileHandle handle = _handle ?? Open();
        if (RandomAccess.GetLength(handle) != _length)
        {
            RandomAccess.SetLength(handle, _length); // What a write that failed has left.
        }

        RandomAccess.Write(handle, lines, _length);
        if (_flushesToDisk)
        {
            RandomAccess.FlushToDisk(handle);
        }

        _length += lines.Length;
    }

    public void Dispose()
    {
        _isDisposed = true;
        _handle?.Dispose();
        _handle = null;
    }

    private SafeFileHandle Open()
    {
        SafeFileHandle handle = File.OpenHandle(_path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        try
        {
            _length = Repair(handle);
        }
        catch
        {
            handle.Dispose();
            throw;
        }

        return _handle = handle;
    }

    // A last line without an end is one that a crash has torn. Where it lacks the line break only, it gets it; else its sink was never told that it was written, and it goes.
    private static long Repair(SafeFileHandle handle)
    {
        long length = RandomAccess.GetLength(handle);
        long start = StartOfLastLine(handle, length);
        if (start == length)
        {
            return length;
        }

        var line = new byte[Math.Min(length - start, MaxTornBytes)];
        int read = RandomAccess.Read(handle, line, start);
        if (read == length - start && IsRecord(line))
        {
            RandomAccess.Write(handle, "\n"u8, length);
            return length + 1;
        }

        RandomAccess.SetLength(handle, start);
        return start;
    }

    private static long StartOfLastLine(SafeFileHandle handle, long length)
    {
        Span<byte> buffer = stackalloc byte[4096];
        for (long end = length; end > 0;)
        {
            int size = (int)Math.Min(buffer.Length, end);
            int read = RandomAccess.Read(handle, buffer[..size], end - size);
            int found = buffer[..read].LastIndexOf((byte)'\n');
            if (found >= 0)
            {
                return end - size + found + 1;
            }

            end -= size;
        }

        return 0;
    }

    private static bool IsRecord(ReadOnlySpan<byte> line)
    {
        try
        {
            UsageRecordJson.Read(line);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private void SetAside()
    {
        _handle?.Dispose();
        _handle = null;
        string folder = Path.GetDirectoryName(_path)!;
        string name = Path.GetFileNameWithoutExtension(_path), extension = Path.GetExtension(_path);
        string stamp = _time.GetUtcNow().ToString("yyyyMMdd'T'HHmmss", CultureInfo.InvariantCulture);
        string target;
        int number = 0;
        do
        {
            target = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{name}-{stamp}-{number++:D4}{extension}"));
        }
        while (File.Exists(target));

        File.Move(_path, target);
        if (_maxArchived is { } max)
        {
            foreach (string old in Directory.GetFiles(folder, $"{name}-????????T??????-????{extension}").Order(StringComparer.Ordinal).SkipLast(max))
            {
                File.Delete(old);
            }
        }
    }
}
