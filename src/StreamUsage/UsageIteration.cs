namespace StreamUsage;

/// <summary>Represents one of several model calls for one response (a compaction, an advisor, a fallback), each billed
/// at its own model.</summary>
public sealed record UsageIteration
{
    /// <summary>Gets the provider's name for the kind of call, for example <c>"compaction"</c>; at most 128
    /// characters.</summary>
    public string Type { get; init; } = "";

    /// <summary>Gets the called model, at most 128 characters; null if it is the response's model.</summary>
    public string? Model { get; init; }

    /// <summary>Gets the tokens of the call.</summary>
    public TokenUsage Usage { get; init; }

    /// <summary>Gets whether the model refused the request before any output. Such a call is not billed.</summary>
    /// <remarks>Anthropic ("Refusals and fallback"): another model then answers, and the refusal is a
    /// <c>message</c> call without output.</remarks>
    public bool Declined { get; init; }
}
