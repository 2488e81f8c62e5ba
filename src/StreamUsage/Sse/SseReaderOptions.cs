namespace StreamUsage.Sse;

/// <summary>Specifies the size limit of <see cref="SseReader"/>, and what it does with a cut last event.</summary>
public sealed record SseReaderOptions
{
    private readonly long _maxEventBytes = 1024 * 1024;

    /// <summary>Gets the largest event, in bytes of data, from 1 to 2,000,000,000. The default is 1 MiB. The LF between
    /// data lines counts. A larger event is skipped, without an exception or another sign. A type is cut at this
    /// length. A longer id is ignored, so the previous id stays.</summary>
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

    /// <summary>Gets whether an event that the body's end cuts off is delivered. Its last line must be complete, or its
    /// data must be whole JSON or <c>[DONE]</c>. A type in a cut line is dropped. False (the default, and the
    /// standard's rule) drops the event.</summary>
    public bool DeliverUnfinishedEvent { get; init; }
}
