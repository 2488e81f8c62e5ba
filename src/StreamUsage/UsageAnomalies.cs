namespace StreamUsage;

/// <summary>Specifies the doubts about a record that a biller should look at. None of them is an error: the record holds the best reading of what was reported.</summary>
[Flags]
public enum UsageAnomalies
{
    /// <summary>There is no doubt.</summary>
    None = 0,

    /// <summary>A reported count was negative, fractional, over 2^40 or no number at all, and was ignored.</summary>
    CountsIgnored = 1,

    /// <summary>One count was reported under two names with different values, neither of them 0. The protocol's own name stands.</summary>
    ConflictingCounts = 2,

    /// <summary>The reported total is not the sum of the parts by any known convention, or a part was larger than its whole and was reduced to it.</summary>
    TotalMismatch = 4,

    /// <summary>A reported 0 could not be true and was not taken as a fact, or output followed the last usage. What the counts leave out is estimated, or stays as it was reported before.</summary>
    ImplausibleZero = 8,

    /// <summary>The usage object holds fields that no rule reads. Their names are in the log, and in the metric <c>streamusage.usage.unknown_fields</c>.</summary>
    UnknownUsageFields = 16,

    /// <summary>The answer is complete, and the provider reported no usage.</summary>
    NoUsageReported = 32,

    /// <summary>Parts of the answer could not be read: see <see cref="UsageRecord.SkippedEvents"/>.</summary>
    SkippedEvents = 64,

    /// <summary>What was reported does not say for sure what is billed.</summary>
    UncertainBill = 128,
}
