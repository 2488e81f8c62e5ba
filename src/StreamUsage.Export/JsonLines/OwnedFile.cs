using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace StreamUsage.Export.JsonLines;

/// <summary>Represents an open file whose path may come to lead to another file. Only its owner may read a new
/// file.</summary>
internal sealed class OwnedFile : IDisposable
{
    private const string DeletedMark = " (deleted)"; // Linux appends it.
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly FileStream _stream;
    private readonly string _path;
    private readonly string? _name;
    private readonly bool _isLost; // Deleted before its name was read.

    private OwnedFile(FileStream stream, string path)
    {
        _stream = stream;
        _path = path;
        _name = FindName();
        _isLost = _name is not null && _name.EndsWith(DeletedMark, StringComparison.Ordinal)
            && !path.EndsWith(DeletedMark, StringComparison.Ordinal);
    }

    public SafeFileHandle Handle => _stream.SafeFileHandle;

    public long Length => RandomAccess.GetLength(Handle);

    /// <summary>Gets whether <see cref="IsInPlace"/> compares identities; else it compares lengths and times.</summary>
    public bool HasIdentity => _name is not null;

    /// <summary>Gets whether the path still leads to this file: it was not deleted, renamed or replaced. Linux shows an
    /// open file's present path, and marks a deleted one.</summary>
    public bool IsInPlace
    {
        get
        {
            var file = new FileInfo(_path);
            return !_isLost && file.Exists && file.Length == Length
                && (HasIdentity ? FindName() == _name
                    : file.LastWriteTimeUtc == File.GetLastWriteTimeUtc(Handle) && file.CreationTimeUtc == File.GetCreationTimeUtc(Handle));
        }
    }

    /// <summary>Opens a file for writing. A new file is only readable by its owner.</summary>
    /// <exception cref="IOException">The file cannot be opened, or is a pipe or a device.</exception>
    /// <exception cref="UnauthorizedAccessException">The file is not writable.</exception>
    public static OwnedFile Open(string path, FileMode mode = FileMode.OpenOrCreate, FileShare share = FileShare.Read)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = share, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        var stream = new FileStream(path, options);
        if (!stream.CanSeek)
        {
            stream.Dispose();
            throw new IOException($"The file '{path}' is not a regular file.");
        }

        return new OwnedFile(stream, path);
    }

    public void Dispose() => _stream.Dispose();

    private string? FindName()
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        try
        {
            return new FileInfo(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{Handle.DangerousGetHandle()}")).LinkTarget;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null; // Not every container has /proc.
        }
    }
}
