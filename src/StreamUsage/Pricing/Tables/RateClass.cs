namespace StreamUsage.Pricing.Tables;

/// <summary>Represents the service class and region of a price.</summary>
/// <param name="Tier">The class by one of the names below; null for the standard class.</param>
/// <param name="Geo">The provider's lower-case region; null if it does not change the price.</param>
/// <param name="FallsBackToStandard">Whether the standard rate is used if the class has none.</param>
internal readonly record struct RateClass(string? Tier, string? Geo, bool FallsBackToStandard = false)
{
    public const string Standard = "standard", Priority = "priority", Flex = "flex", Batch = "batch", Fast = "fast",
        UltraFast = "ultrafast", Provisioned = "provisioned";

    public bool IsStandard => Tier is null && Geo is null;

    public string Name => IsStandard ? Standard : Geo is null ? Tier! : $"{Tier ?? Standard} {Geo}";

    /// <summary>Reads the served class from the provider's report.</summary>
    public static RateClass Of(UsageRecord record) => Of(record.ServiceTier, record.Speed, record.InferenceGeo);

    /// <summary>Returns the class of a tier, a speed and a region, by the names of any provider.</summary>
    public static RateClass Of(string? serviceTier, string? speed, string? inferenceGeo)
    {
        (string? tier, bool fallsBack) = TierOf(serviceTier);
        if (tier != Provisioned && !string.IsNullOrEmpty(speed) && !Is(speed, Standard))
        {
            // A tier and a speed that both change the price are a class of their own.
            tier = tier is null ? speed.ToLowerInvariant() : $"{tier} {speed.ToLowerInvariant()}";
            fallsBack = false;
        }

        return new RateClass(tier, GeoOf(inferenceGeo), fallsBack);
    }

    // The values of OpenAI, Anthropic, Gemini (serviceTier and trafficType), Bedrock and Groq. OpenAI reports
    // "priority" for a request of "fast".
    private static (string? Tier, bool FallsBack) TierOf(string? name) => name switch
    {
        null or "" or "standard" or "default" or "auto" or "on_demand" or "ON_DEMAND" or "TRAFFIC_TYPE_UNSPECIFIED" => (null, false),
        "priority" or "ON_DEMAND_PRIORITY" => (Priority, false),
        "flex" => (Flex, false),

        // No public table has Vertex's flex rates. The standard rate is an upper bound, so the bill is uncertain.
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
