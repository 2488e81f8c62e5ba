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

    /// <summary>
    /// Gets a value indicating whether the call declined before any output, so that it is not billed: a <c>message</c> call without output, in an answer that a fallback model gave
    /// (Anthropic, "Refusals and fallback"). It is left out of <see cref="UsageRecord.BilledUsage"/> and of the cost.
    /// </summary>
    public bool Declined { get; init; }
}
