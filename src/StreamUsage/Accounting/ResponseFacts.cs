namespace StreamUsage.Accounting;

/// <summary>What a response says of itself beside its counts. Changes a few times a stream, so it is one shared object until it does.</summary>
internal sealed record ResponseFacts
{
    public static ResponseFacts Empty { get; } = new();

    public string? ResponseId { get; init; }

    public string? Model { get; init; }

    public string? StopReason { get; init; }

    public string? StopSequence { get; init; }

    public string? ServiceTier { get; init; }

    public string? Speed { get; init; }

    public string? InferenceGeo { get; init; }

    public decimal? ReportedCost { get; init; }

    public ProviderError? Error { get; init; }

    public IReadOnlyList<UsageIteration> Iterations { get; init; } = [];

    public IReadOnlyDictionary<string, long> ServerToolUse { get; init; } = UsageRecord.EmptyCounts;

    public IReadOnlyDictionary<string, long> TokenDetails { get; init; } = UsageRecord.EmptyCounts;
}
