using StreamUsage.Buffers;

namespace StreamUsage.Sse;

/// <summary>Represents the values for a reconnection: the last event id and the reconnection time.</summary>
internal sealed class SseReconnection(int maxIdBytes)
{
    private PooledBuffer _id, _newId;
    private long _newRetry;
    private bool _isNumber;

    public ReadOnlySpan<byte> LastEventId => _id.Span;

    /// <summary>Gets the reconnection time in milliseconds that was set since the previous delivered event; negative if
    /// none.</summary>
    public long RetryMilliseconds { get; private set; } = -1;

    public void BeginEvent() => RetryMilliseconds = -1;

    public void BeginId() => _newId.Clear();

    public void AddId(ReadOnlySpan<byte> part) => _newId.Append(part[..Math.Min(part.Length, maxIdBytes + 1 - _newId.Length)]);

    // "If the field value does not contain U+0000 NULL, then set the last event ID buffer to the field value.
    // Otherwise, ignore the field."
    public void EndId()
    {
        if (!_newId.Span.Contains((byte)0) && _newId.Length <= maxIdBytes)
        {
            (_id, _newId) = (_newId, _id);
        }
    }

    public void BeginRetry()
    {
        _newRetry = -1;
        _isNumber = true;
    }

    // "If the field value consists of only ASCII digits, then interpret the field value as an integer in base ten." A
    // huge value is limited to a hundred years.
    public void AddRetry(ReadOnlySpan<byte> digits)
    {
        const long Limit = 3_155_760_000_000;
        foreach (byte digit in digits)
        {
            _isNumber &= char.IsAsciiDigit((char)digit);
            _newRetry = Math.Min(Limit, (Math.Max(_newRetry, 0) * 10) + (digit - '0'));
        }
    }

    public void EndRetry()
    {
        if (_isNumber && _newRetry >= 0)
        {
            RetryMilliseconds = _newRetry;
        }
    }

    public void Release()
    {
        _id.Release();
        _newId.Release();
    }
}
