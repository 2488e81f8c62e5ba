namespace StreamUsage.Accounting;

/// <summary>What few responses say, or say once: one shared object until they do.</summary>
internal sealed record ResponseFacts
{
    public static ResponseFacts Empty { get; } = new();

    public string? StopSequence { get; init; }

    public string? Speed { get; init; }

    public string? InferenceGeo { get; init; }

    public decimal? ReportedCost { get; init; }

    public ProviderError? Error { get; init; }

    public IReadOnlyList<UsageIteration> Iterations { get; init; } = [];

    public IReadOnlyDictionary<string, long> ServerToolUse { get; init; } = UsageRecord.EmptyCounts;

    public IReadOnlyDictionary<string, long> TokenDetails { get; init; } = UsageRecord.EmptyCounts;

    public TokenUsage? BilledTokens { get; init; }

    public IReadOnlyDictionary<string, decimal> BilledUnits { get; init; } = UsageRecord.EmptyUnits;

    public string? Operation { get; init; }
}
