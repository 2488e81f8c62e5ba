namespace StreamUsage;

/// <summary>Represents a content block of a captured message.</summary>
public sealed record ContentBlock
{
    /// <summary>Gets the type: <c>"text"</c>, <c>"thinking"</c> for shown reasoning, <c>"redacted_thinking"</c>,
    /// <c>"tool_use"</c> for any call of a client's function, or <c>"refusal"</c>. Other blocks have the provider's
    /// name (<c>"server_tool_use"</c>, <c>"web_search_call"</c>, <c>"compaction"</c>, …).</summary>
    public string Type { get; init; } = "";

    /// <summary>Gets the index of the choice; 0 if the protocol has only one.</summary>
    public int ChoiceIndex { get; init; }

    /// <summary>Gets the text of a text, reasoning, refusal or compaction block; else null.</summary>
    public string? Text { get; init; }

    /// <summary>Gets the id of a tool call, or of the call that a tool result belongs to; null if none.</summary>
    public string? ToolUseId { get; init; }

    /// <summary>Gets the name of the called tool; null for other blocks.</summary>
    public string? ToolName { get; init; }

    /// <summary>Gets a tool call's arguments as the model wrote them; null for other blocks, and for a call that broke
    /// off before its arguments.</summary>
    /// <remarks>A complete call without arguments has <c>{}</c>. The text of a custom tool becomes a JSON string. If
    /// the response broke off or was truncated, the JSON may be incomplete.</remarks>
    public string? InputJson { get; init; }

    /// <summary>Gets the block's signature, or the opaque data of redacted reasoning or a compaction; null if
    /// none.</summary>
    public string? Signature { get; init; }
}
