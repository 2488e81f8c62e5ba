namespace StreamUsage.Pricing.Tables;

/// <summary>The class of service that a price is for, and where the request was processed.</summary>
/// <param name="Tier">Null for the standard class, else the class by one of the names below.</param>
/// <param name="Geo">Null where the place does not change the price, else the provider's word for it,
/// lower-case.</param>
/// <param name="FallsBackToStandard">Whether the standard rate stands in where the table has none for the
/// class.</param>
internal readonly record struct RateClass(string? Tier, string? Geo, bool FallsBackToStandard = false)
{
    public const string Standard = "standard", Priority = "priority", Flex = "flex", Batch = "batch", Fast = "fast",
        UltraFast = "ultrafast", Provisioned = "provisioned";

    public bool IsStandard => Tier is null && Geo is null;

    /// <summary>Gets the name for <see cref="UsageCost.RateClass"/>.</summary>
    public string Name => IsStandard ? Standard : Geo is null ? Tier! : $"{Tier ?? Standard} {Geo}";

    /// <summary>Reads the class that was served from what the provider reported.</summary>
    public static RateClass Of(UsageRecord record) => Of(record.ServiceTier, record.Speed, record.InferenceGeo);

    public static RateClass Of(string? serviceTier, string? speed, string? inferenceGeo)
    {
        (string? tier, bool fallsBack) = TierOf(serviceTier);
        if (tier is null && !string.IsNullOrEmpty(speed) && !Is(speed, Standard))
        {
            tier = Is(speed, Fast) ? Fast : speed.ToLowerInvariant();
        }

        return new RateClass(tier, GeoOf(inferenceGeo), fallsBack);
    }

    // OpenAI, Anthropic, Gemini (serviceTier and trafficType), Bedrock and Groq, each in its own words. OpenAI answers
    // a request for "fast" with "priority".
    private static (string? Tier, bool FallsBack) TierOf(string? name) => name switch
    {
        null or "" or "standard" or "default" or "auto" or "on_demand" or "ON_DEMAND" or "TRAFFIC_TYPE_UNSPECIFIED" => (null, false),
        "priority" or "ON_DEMAND_PRIORITY" => (Priority, false),
        "flex" => (Flex, false),

        // No public table has Vertex's flex rates. Its standard rate is the most that such a request costs; the record
        // says that the bill is uncertain.
        "ON_DEMAND_FLEX" => (Flex, true),
        "batch" => (Batch, false),
        "fast" => (Priority, false),
        "PROVISIONED_THROUGHPUT" or "provisioned_throughput" or "reserved" or "scale" => (Provisioned, false),
        _ when name.ToLowerInvariant() is var lower && lower != name => TierOf(lower),
        _ => (name, false),
    };

    private static string? GeoOf(string? name) =>
        string.IsNullOrEmpty(name) || Is(name, "global") || Is(name, "not_available") ? null : name.ToLowerInvariant();

    private static bool Is(string text, string other) => string.Equals(text, other, StringComparison.OrdinalIgnoreCase);
}
