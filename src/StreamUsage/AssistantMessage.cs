namespace StreamUsage;

/// <summary>Represents the message of a response. If the response broke off, it holds what had arrived.</summary>
public sealed record AssistantMessage
{
    /// <summary>Gets the provider's id of the response; null if it gave none.</summary>
    public string? Id { get; init; }

    /// <summary>Gets the role that the provider reported (<c>"assistant"</c>, <c>"model"</c>); null if none.</summary>
    public string? Role { get; init; }

    /// <summary>Gets the model that answered; null if not reported.</summary>
    public string? Model { get; init; }

    /// <summary>Gets the stop reason of the first choice, as reported; null if none.</summary>
    public string? StopReason { get; init; }

    /// <summary>Gets the stop sequence that was matched; null if none.</summary>
    public string? StopSequence { get; init; }

    /// <summary>Gets the content blocks of all choices, in the order in which they began; empty if none.</summary>
    public IReadOnlyList<ContentBlock> Content { get; init; } = [];
}
