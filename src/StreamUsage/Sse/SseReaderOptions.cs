namespace StreamUsage.Sse;

/// <summary>Specifies the limits of <see cref="SseReader"/>.</summary>
public sealed record SseReaderOptions
{
    private readonly long _maxEventBytes = 1024 * 1024;

    /// <summary>Gets the largest event, in bytes of data: 1 MiB by default; 1 to 2,000,000,000. A larger event is
    /// skipped without an exception. A type is cut at this length, and a longer id is ignored.</summary>
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

    /// <summary>Gets whether an event cut off by the body's end is delivered. Its last line must be complete, or its
    /// data whole JSON or <c>[DONE]</c>. False (the default, and the standard's rule) drops it.</summary>
    public bool DeliverUnfinishedEvent { get; init; }
}
