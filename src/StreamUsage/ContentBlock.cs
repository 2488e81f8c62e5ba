namespace StreamUsage;

/// <summary>A block of a captured message: a text, shown reasoning, a call of a tool, or what else the provider put there.</summary>
public sealed record ContentBlock
{
    /// <summary>
    /// <c>"text"</c>; <c>"thinking"</c> for every reasoning that is shown; <c>"redacted_thinking"</c> for one that only the provider can read; <c>"tool_use"</c> for every call of the client's own
    /// functions, whatever the wire calls it; <c>"refusal"</c>; else the provider's own name of it (<c>"server_tool_use"</c>, <c>"web_search_call"</c>, <c>"custom_tool_call"</c>, …).
    /// </summary>
    public string Type { get; init; } = "";

    /// <summary>The choice it belongs to; 0 where a wire has one.</summary>
    public int ChoiceIndex { get; init; }

    /// <summary>The text of a text, of reasoning, of a refusal, or of a compaction; null for other blocks.</summary>
    public string? Text { get; init; }

    /// <summary>The id of a tool's call, or of the call that a tool's result belongs to; null where there is none.</summary>
    public string? ToolUseId { get; init; }

    /// <summary>The tool that is called; null for other blocks.</summary>
    public string? ToolName { get; init; }

    /// <summary>
    /// What a tool is called with, as JSON in the model's own spelling, joined from its pieces; <c>{}</c> where a call came to its end without any. A text that is no JSON (of a custom tool, of a code interpreter) is a JSON
    /// string. Not whole, and then not valid JSON, where the response broke off in it or it was truncated; null where nothing of it came.
    /// </summary>
    public string? InputJson { get; init; }

    /// <summary>The signature of reasoning (Gemini signs other blocks too), or the opaque data of redacted reasoning and of a compaction; null where there is none.</summary>
    public string? Signature { get; init; }
}
