namespace StreamUsage.Recording;

/// <summary>Records the times of a response. A mutable struct: never copy it.</summary>
internal struct StreamTimes(StreamClock clock)
{
    private StreamClock _clock = clock;
    private long _firstByteAt = -1, _firstChunkAt = -1, _firstTokenAt = -1, _lastByteAt, _endedAt;

    public readonly DateTimeOffset StartedAt => _clock.StartedAt;

    public long ReadCount { get; private set; }

    public readonly bool HasFirstChunk => _firstChunkAt >= 0;

    public readonly bool HasFirstToken => _firstTokenAt >= 0;

    public readonly TimeSpan Duration => _clock.Elapsed(_endedAt);

    public readonly TimeSpan? TimeToFirstByte => ReadCount == 0 ? null : _clock.Elapsed(_firstByteAt);

    public readonly TimeSpan? TimeToFirstChunk => HasFirstChunk ? _clock.Elapsed(_firstChunkAt) : null;

    public readonly TimeSpan? TimeToFirstToken => HasFirstToken ? _clock.Elapsed(_firstTokenAt) : null;

    // The rough time of the last read may be a tick after the exact time of the end.
    public readonly TimeSpan? TimeToLastByte => ReadCount == 0 ? null : _clock.Elapsed(Math.Min(_lastByteAt, _endedAt));

    /// <summary>Changes the start to the request's.</summary>
    public void StartAt(DateTimeOffset requestStartedAt) => _clock = _clock.StartAt(requestStartedAt);

    /// <summary>Notes received bytes.</summary>
    /// <param name="isNewRead">Whether the bytes begin a read; else they continue one.</param>
    public void Received(bool isNewRead)
    {
        if (ReadCount == 0)
        {
            _firstByteAt = _lastByteAt = _clock.Now();
        }
        else
        {
            _lastByteAt = Math.Max(_lastByteAt, _clock.NowRoughly());
        }

        ReadCount += isNewRead ? 1 : 0;
    }

    /// <summary>Returns the time since the start.</summary>
    public readonly TimeSpan Elapsed() => _clock.Elapsed(_clock.Now());

    /// <summary>Notes that the last bytes held the first chunk, which is the first event.</summary>
    public void NoteFirstChunk() => _firstChunkAt = _clock.Now();

    /// <summary>Notes that the last bytes held the first output.</summary>
    public void NoteFirstToken() => _firstTokenAt = _lastByteAt = _clock.Now(); // The rough time may be earlier.

    public void NoteEnd() => _endedAt = _clock.Now();
}
