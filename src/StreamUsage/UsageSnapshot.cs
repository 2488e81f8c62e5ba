using StreamUsage.Pricing;

namespace StreamUsage;

/// <summary>The state of a response so far; never changes once taken.</summary>
public sealed record UsageSnapshot
{
    /// <summary>Tokens so far: as reported, else as estimated from the characters seen.</summary>
    public TokenUsage Usage { get; init; }

    /// <summary>Where the input counts come from.</summary>
    public TokenSource InputSource { get; init; }

    /// <summary>Where the output count comes from.</summary>
    public TokenSource OutputSource { get; init; }

    /// <summary>Bytes of the body that have come in.</summary>
    public long BytesReceived { get; init; }

    /// <summary>Events that have been read.</summary>
    public long EventCount { get; init; }

    /// <summary>The provider's reason for stopping; null until it was said.</summary>
    public string? StopReason { get; init; }

    /// <summary>
    /// Gets the cost of <see cref="Usage"/> so far: a lower bound while the response runs. Null where no pricing is configured, where it does not know the model, or before the response named one.
    /// Input that the provider has not reported yet is not in it.
    /// </summary>
    public UsageCost? Cost { get; init; }
}
