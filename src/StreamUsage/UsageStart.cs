using StreamUsage.Pricing;

namespace StreamUsage;

/// <summary>Represents a response that has begun. Its <see cref="UsageRecord"/> follows with the same id.</summary>
public sealed record UsageStart
{
    private UsageQuote? _quote;

    /// <summary>Gets the id of the record.</summary>
    public Guid Id { get; init; }

    /// <summary>Gets the caller's context with redacted headers and without the request body.</summary>
    public UsageContext Context { get; init; } = UsageContext.Empty;

    /// <summary>Gets when the request was sent, else when tracking began.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>Gets the expected cost; null if there is no pricing, or no request body up to
    /// <see cref="StreamUsageOptions.MaxRequestBodyBytes"/>. The input is estimated when this is first read, on the
    /// reading thread.</summary>
    public UsageQuote? Quote
    {
        get => _quote ??= EstimateQuote?.Invoke();
        init => _quote = value;
    }

    internal Func<UsageQuote>? EstimateQuote { get; init; }

    /// <summary>Gets or sets whether the sink has only the default <see cref="IUsageSink.StartedAsync"/>, so that it
    /// needs no further starts.</summary>
    internal bool IsIgnored { get; set; }
}
