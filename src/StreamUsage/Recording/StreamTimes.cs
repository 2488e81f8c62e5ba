namespace StreamUsage.Recording;

/// <summary>When what came of a response, by its own clock. A mutable struct: keep it in a field, never copy
/// it.</summary>
internal struct StreamTimes(StreamClock clock)
{
    private StreamClock _clock = clock;
    private long _firstByteAt = -1, _firstTokenAt = -1, _lastByteAt, _endedAt;

    public readonly DateTimeOffset StartedAt => _clock.StartedAt;

    /// <summary>Reads that brought bytes.</summary>
    public long ReadCount { get; private set; }

    /// <summary>Whether output has come.</summary>
    public readonly bool HasFirstToken => _firstTokenAt >= 0;

    public readonly TimeSpan Duration => _clock.Elapsed(_endedAt);

    public readonly TimeSpan? TimeToFirstByte => ReadCount == 0 ? null : _clock.Elapsed(_firstByteAt);

    public readonly TimeSpan? TimeToFirstToken => HasFirstToken ? _clock.Elapsed(_firstTokenAt) : null;

    // The rough time of a last read may be a tick after the exact time of the end.
    public readonly TimeSpan? TimeToLastByte => ReadCount == 0 ? null : _clock.Elapsed(Math.Min(_lastByteAt, _endedAt));

    /// <summary>The request was sent at another time than was known.</summary>
    public void StartAt(DateTimeOffset requestStartedAt) => _clock = _clock.StartAt(requestStartedAt);

    /// <summary>Bytes have come.</summary>
    /// <param name="isNewRead">Whether they begin a read; else they are a further piece of the same.</param>
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

    /// <summary>What has come last was the first output.</summary>
    public void FirstToken() => _firstTokenAt = _lastByteAt = _clock.Now();

    /// <summary>The reader's part has ended.</summary>
    public void Ended() => _endedAt = _clock.Now();
}
