using StreamUsage.Pricing;

namespace StreamUsage;

/// <summary>A response that has begun; its <see cref="UsageRecord"/> follows under the same id.</summary>
public sealed record UsageStart
{
    private UsageQuote? _quote;

    /// <summary>The id that the record will have.</summary>
    public Guid Id { get; init; }

    /// <summary>What the caller said, header values redacted and without the request body.</summary>
    public UsageContext Context { get; init; } = UsageContext.Empty;

    /// <summary>When the request was sent, else when tracking began.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>
    /// Gets what the request may cost; null where no pricing is configured, or the request's body was not given. The input is
    /// estimated when this is first read, so that a sink that does not need it does not pay for it.
    /// </summary>
    public UsageQuote? Quote
    {
        get => _quote ??= EstimateQuote?.Invoke();
        init => _quote = value;
    }

    internal Func<UsageQuote>? EstimateQuote { get; init; }

    /// <summary>Gets or sets whether the start reached the default <see cref="IUsageSink.StartedAsync"/>, which does nothing.</summary>
    internal bool IsIgnored { get; set; }
}
