namespace StreamUsage;

/// <summary>The message that a response brought, put together from its pieces. Of a response that broke off, what had come until then.</summary>
public sealed record AssistantMessage
{
    /// <summary>The provider's id of the response; null where it gave none.</summary>
    public string? Id { get; init; }

    /// <summary>Whose message it is, in the provider's word (<c>"assistant"</c>, <c>"model"</c>); null where it was not said.</summary>
    public string? Role { get; init; }

    /// <summary>The model that answered; null where it was not said.</summary>
    public string? Model { get; init; }

    /// <summary>Why the model stopped, in the provider's word, of the first choice; null where it was not said.</summary>
    public string? StopReason { get; init; }

    /// <summary>The stop sequence that was met; null where none was.</summary>
    public string? StopSequence { get; init; }

    /// <summary>The message's blocks in the order in which they began, those of all choices; empty where there were none.</summary>
    public IReadOnlyList<ContentBlock> Content { get; init; } = [];
}
