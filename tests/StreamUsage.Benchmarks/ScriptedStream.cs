using StreamUsage.Benchmarks.Workloads;

namespace StreamUsage.Benchmarks;

/// <summary>A body in memory that comes in reads of a given size, without allocating. A reader whose buffer is smaller
/// gets the rest of the piece with its next reads.</summary>
internal sealed class ScriptedStream(Workload workload, ReadSize readSize) : Stream
{
    private readonly byte[] _body = workload.Body;
    private readonly int[] _eventEnds = workload.EventEnds;
    private readonly int _bytesPerRead = readSize.Bytes;
    private int _position, _pieceEnd, _nextEvent;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public void Rewind()
    {
        _position = 0;
        _pieceEnd = 0;
        _nextEvent = 0;
    }

    public override int Read(Span<byte> buffer)
    {
        if (_position == _pieceEnd && !BeginPiece())
        {
            return 0;
        }

        int length = Math.Min(buffer.Length, _pieceEnd - _position);
        _body.AsSpan(_position, length).CopyTo(buffer);
        _position += length;
        return length;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        Task.FromResult(Read(buffer.AsSpan(offset, count)));

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private bool BeginPiece()
    {
        if (_position == _body.Length)
        {
            return false;
        }

        _pieceEnd = _bytesPerRead == 0 ? _eventEnds[_nextEvent++] : Math.Min(_position + _bytesPerRead, _body.Length);
        return true;
    }
}
