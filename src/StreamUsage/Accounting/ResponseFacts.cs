namespace StreamUsage.Accounting;

/// <summary>Represents facts that few responses report, or report once. Responses without them share one
/// object.</summary>
internal sealed record ResponseFacts
{
    private readonly object? _billedTokens; // Boxed: ten counts that few providers report.

    public static ResponseFacts Empty { get; } = new();

    public string? StopSequence { get; init; }

    public string? Speed { get; init; }

    public decimal? ReportedCost { get; init; }

    public ProviderError? Error { get; init; }

    public IReadOnlyList<UsageIteration> Iterations { get; init; } = [];

    public IReadOnlyDictionary<string, long> ServerToolUse { get; init; } = UsageRecord.EmptyCounts;

    public IReadOnlyDictionary<string, long> TokenDetails { get; init; } = UsageRecord.EmptyCounts;

    public TokenUsage? BilledTokens { get => (TokenUsage?)_billedTokens; init => _billedTokens = value; }

    public IReadOnlyDictionary<string, decimal> BilledUnits { get; init; } = UsageRecord.EmptyUnits;

    public string? Operation { get; init; }

    public ChoiceOutputs? ChoiceOutputs { get; init; }
}
