using StreamUsage;
using StreamUsage.Accounting;

namespace QuickStart;

/// <summary>What a recorded stream's record must say.</summary>
internal sealed record ExpectedValues
{
    public long? InputTokens { get; init; }

    public long? CacheReadInputTokens { get; init; }

    public long? CacheCreationInputTokens { get; init; }

    public long? OutputTokens { get; init; }

    public long? ReasoningTokens { get; init; }

    /// <summary>Whether the provider said what was used; where it did not, the counts are estimates and are not
    /// compared.</summary>
    public bool HasProviderUsage { get; init; } = true;

    public string? ResponseId { get; init; }

    public string? Model { get; init; }

    public string? StopReason { get; init; }

    public bool Completed { get; init; }

    public string? Error { get; init; }

    public long? DataEvents { get; init; }

    /// <returns>A line for each value that is not as expected.</returns>
    public IEnumerable<string> Compare(UsageRecord record)
    {
        TokenUsage usage = record.Usage;
        StreamOutcome outcome =
            Error is not null ? StreamOutcome.ProviderError : Completed ? StreamOutcome.Completed : StreamOutcome.Interrupted;
        List<(string Name, object? Expected, object? Found)> values =
        [
            ("outcome", outcome, record.Outcome),
            ("response_id", ResponseId, record.ResponseId),
            ("model", Model, record.ResponseModel),
            ("stop_reason", StopReason, record.StopReason),
            ("error", Error, record.ErrorMessage),
            ("data_events", DataEvents ?? record.EventCount, record.EventCount),
            ("has_provider_usage", HasProviderUsage, record.ReportedUsageJson is not null),
        ];
        if (HasProviderUsage)
        {
            values.AddRange(
            [
                ("input_tokens", InputTokens ?? 0, usage.InputTokens),
                ("cache_read_input_tokens", CacheReadInputTokens ?? 0, usage.CacheReadInputTokens),
                ("cache_creation_input_tokens", CacheCreationInputTokens ?? 0, usage.CacheCreationInputTokens),
                ("output_tokens", OutputTokens ?? 0, usage.OutputTokens),
                ("reasoning_tokens", ReasoningTokens, usage.ReasoningTokens),
            ]);
        }

        return values.Where(value => !Equals(value.Expected, value.Found))
            .Select(value => $"{value.Name}: expected {value.Expected ?? "null"}, found {value.Found ?? "null"}");
    }
}
