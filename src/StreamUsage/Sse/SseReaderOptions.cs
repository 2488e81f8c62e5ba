namespace StreamUsage.Sse;

/// <summary>How <see cref="SseReader"/> reads.</summary>
public sealed record SseReaderOptions
{
    private readonly long _maxEventBytes = 1024 * 1024;

    /// <summary>The largest event that is delivered, in bytes of data; a larger one is skipped without an exception. A
    /// type is cut off at as many bytes, and a longer id is ignored. 1 MiB unless set; from 1 to
    /// 2,000,000,000.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public long MaxEventBytes
    {
        get => _maxEventBytes;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 2_000_000_000);
            _maxEventBytes = value;
        }
    }

    /// <summary>Whether an event that the body's end cut off is delivered where its last line is complete, or its data
    /// is JSON that parses, or <c>[DONE]</c>. False is the standard's rule: such an event is dropped.</summary>
    public bool DeliverUnfinishedEvent { get; init; }
}
