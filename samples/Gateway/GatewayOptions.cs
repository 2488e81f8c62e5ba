namespace Gateway;

/// <summary>The section <c>Gateway</c> of appsettings.json.</summary>
internal sealed record GatewayOptions
{
    /// <summary>Whether made-up providers answer, and made-up callers ask them.</summary>
    public bool Demo { get; init; }

    /// <summary>The folder of usage.db and outbox.db. It must outlive the process.</summary>
    public string DataFolder { get; init; } = "data";

    /// <summary>The price list. A changed file is read again.</summary>
    public string Prices { get; init; } = "prices.json";

    /// <summary>Where metrics and traces go: none, console or otlp.</summary>
    public string Telemetry { get; init; } = "none";

    public ApiKey[] Keys { get; init; } = [];
}

/// <summary>A key that callers send in place of the provider's. The budget is in US dollars a day (UTC); null for no
/// limit.</summary>
internal sealed record ApiKey(string Id, string Secret, string UserId, decimal? DailyBudget = null);
