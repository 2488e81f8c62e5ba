namespace StreamUsage.Tests.Races;

/// <summary>A body in memory that can or cannot seek, gives short reads, and may break at every seventh. Its overloads
/// are one read, as those of an HttpClient's streams are.</summary>
internal sealed class ModelStream(byte[] body, bool canSeek, bool breaks) : Stream
{
    private const int MaxRead = 37;

    private readonly MemoryStream _body = new(body, writable: false);
    private int _reads;

    public int DisposeCount { get; private set; }

    public override bool CanRead => _body.CanRead;

    public override bool CanSeek => canSeek && _body.CanSeek;

    public override bool CanWrite => false;

    public override long Length => canSeek ? _body.Length : throw new NotSupportedException();

    public override long Position
    {
        get => canSeek ? _body.Position : throw new NotSupportedException();
        set => _body.Position = canSeek ? value : throw new NotSupportedException();
    }

    public override long Seek(long offset, SeekOrigin origin) => canSeek ? _body.Seek(offset, origin) : throw new NotSupportedException();

    public override int Read(Span<byte> buffer) =>
        breaks && ++_reads % 7 == 0 ? throw new IOException("reset") : _body.Read(buffer[..Math.Min(buffer.Length, MaxRead)]);

    public override int Read(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        return Read(buffer.AsSpan(offset, count));
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (buffer.Length % 2 == 1)
        {
            await Task.Yield();
        }

        return Read(buffer.Span);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        return ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    public override IAsyncResult BeginRead(byte[] buffer, int offset, int count, AsyncCallback? callback, object? state) =>
        TaskToAsyncResult.Begin(ReadAsync(buffer, offset, count, CancellationToken.None), callback, state);

    public override int EndRead(IAsyncResult asyncResult) => TaskToAsyncResult.End<int>(asyncResult);

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    protected override void Dispose(bool disposing)
    {
        DisposeCount++;
        _body.Dispose();
        base.Dispose(disposing);
    }
}
