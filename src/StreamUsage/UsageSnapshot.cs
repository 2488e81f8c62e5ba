using StreamUsage.Pricing;

namespace StreamUsage;

/// <summary>Represents the immutable state of a response so far.</summary>
public sealed record UsageSnapshot
{
    /// <summary>Gets the model that answers, else the one that was asked for; null if neither is known yet.</summary>
    public string? Model { get; init; }

    /// <summary>Gets the tokens so far. Unreported output is estimated from the characters seen. Unreported input is 0
    /// until the record estimates it.</summary>
    public TokenUsage Usage { get; init; }

    /// <summary>Gets the source of the input counts.</summary>
    public TokenSource InputSource { get; init; }

    /// <summary>Gets the source of the output count.</summary>
    public TokenSource OutputSource { get; init; }

    /// <summary>Gets the number of body bytes received.</summary>
    public long BytesReceived { get; init; }

    /// <summary>Gets the number of events read.</summary>
    public long EventCount { get; init; }

    /// <summary>Gets the stop reason, as reported; null until it is known.</summary>
    public string? StopReason { get; init; }

    /// <summary>Gets the cost of <see cref="Usage"/> so far. It excludes input that is not reported yet. Null if there
    /// is no pricing, or <see cref="UsageRecord.UnpricedReason"/> would have a reason.</summary>
    public UsageCost? Cost { get; init; }
}
