namespace StreamUsage.Benchmarks.Growth;

/// <summary>A body of any length: a beginning, deltas in a circle, an end. Allocates nothing once it is made.</summary>
internal sealed class CircularStream(EventBlock block, ReadSize readSize) : Stream
{
    private readonly byte[] _body = block.Body;
    private readonly int _bytesPerRead = readSize.Bytes;

    // Events that follow each other in the block are a run: what is read next, and where the run ends.
    private int _event, _runEnd, _position, _deltasLeft, _firstDelta, _deltas;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>To the beginning of a stream of so many events, its deltas from this one on.</summary>
    public void Restart(int events, int firstDelta)
    {
        _firstDelta = firstDelta;
        _deltas = _deltasLeft = events - block.FixedEvents;
        _position = 0;
        _event = 0;
        _runEnd = block.FirstDelta;
    }

    /// <summary>What is wrong with the record of a stream that was read to its end; null where nothing is.</summary>
    public string? FindFault(UsageRecord record, long bytesRead)
    {
        TokenUsage usage = record.Usage;
        var found = new Workloads.Totals(
            usage.InputTokens, usage.CacheReadInputTokens, usage.CacheCreationInputTokens, usage.OutputTokens, record.OutputCharacters);
        long events = _deltas + block.FixedEvents, bytes = block.Bytes(_firstDelta, _deltas);
        Workloads.Totals totals = block.Totals(_firstDelta, _deltas);
        return bytesRead == bytes && record.EventCount == events
            && found == totals && record.Outcome == StreamOutcome.Completed && record.OutputSource == TokenSource.Reported
            ? null
            : $"{block.Name}, {events} events of {bytes} B with {totals}: found {record.EventCount} of {bytesRead} B with {found}, "
                + $"{record.Outcome}, output {record.OutputSource}";
    }

    public override int Read(Span<byte> buffer)
    {
        if (_bytesPerRead == 0)
        {
            return ReadEvent(buffer);
        }

        Span<byte> rest = buffer[..Math.Min(buffer.Length, _bytesPerRead)];
        int read = rest.Length;
        while (!rest.IsEmpty && (_event != _runEnd || BeginRun()))
        {
            int end = block.Begin(_runEnd), length = Math.Min(rest.Length, end - _position);
            _body.AsSpan(_position, length).CopyTo(rest);
            rest = rest[length..];
            _position += length;
            _event = _position == end ? _runEnd : _event;
        }

        return read - rest.Length;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private int ReadEvent(Span<byte> buffer)
    {
        if (_event == _runEnd && !BeginRun())
        {
            return 0;
        }

        int end = block.Begin(_event + 1), length = Math.Min(buffer.Length, end - _position);
        _body.AsSpan(_position, length).CopyTo(buffer);
        _position += length;
        _event = _position == end ? _event + 1 : _event;
        return length;
    }

    private bool BeginRun()
    {
        if (_runEnd == block.EventCount)
        {
            return false;
        }

        if (_deltasLeft == 0)
        {
            (_event, _runEnd) = (block.FirstOfTail, block.EventCount);
        }
        else
        {
            // The first run begins where the stream's deltas do, the others where the circle does.
            _event = block.FirstDelta + (_deltasLeft == _deltas ? _firstDelta : 0);
            _runEnd = Math.Min(_event + _deltasLeft, block.FirstOfTail);
            _deltasLeft -= _runEnd - _event;
        }

        _position = block.Begin(_event);
        return true;
    }
}
