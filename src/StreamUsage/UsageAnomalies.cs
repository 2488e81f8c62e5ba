namespace StreamUsage;

/// <summary>Specifies doubts about a record that a biller should check. A doubt is not an error.</summary>
[Flags]
public enum UsageAnomalies
{
    /// <summary>No doubt.</summary>
    None = 0,

    /// <summary>A reported count was negative, fractional, over 2^40 or no number, and was ignored.</summary>
    CountsIgnored = 1,

    /// <summary>Two names reported different values of one count. The protocol's own name was used.</summary>
    ConflictingCounts = 2,

    /// <summary>The reported total is not the sum of its parts, or a part was larger than its whole and was
    /// reduced.</summary>
    TotalMismatch = 4,

    /// <summary>A reported count was implausibly low: a 0, or a count that later output exceeds. It is estimated, or
    /// keeps an earlier value.</summary>
    ImplausibleZero = 8,

    /// <summary>The usage object has unknown fields. Their names are logged, and are in the metric
    /// <c>streamusage.usage.unknown_fields</c>.</summary>
    UnknownUsageFields = 16,

    /// <summary>The answer is complete, but the provider reported no usage.</summary>
    NoUsageReported = 32,

    /// <summary>Parts of the answer were unreadable: see <see cref="UsageRecord.SkippedEvents"/>.</summary>
    SkippedEvents = 64,

    /// <summary>The bill cannot be derived from the report with certainty, for example if the estimator failed, or the
    /// input was estimated from the size of the request.</summary>
    UncertainBill = 128,
}
