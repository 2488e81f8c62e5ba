namespace StreamUsage;

/// <summary>One of the model calls that a provider made for one response (a compaction, an advisor, a fallback), each billed at its own model.</summary>
public sealed record UsageIteration
{
    /// <summary>The provider's name for the kind of call, for example <c>"message"</c> or <c>"compaction"</c>; cut after 128 characters.</summary>
    public string Type { get; init; } = "";

    /// <summary>The model that was called; null where it is the response's own; cut after 128 characters.</summary>
    public string? Model { get; init; }

    /// <summary>What the call used.</summary>
    public TokenUsage Usage { get; init; }
}
