namespace StreamUsage;

/// <summary>Represents the content that was captured from a response body.</summary>
public sealed record CapturedResponse
{
    /// <summary>Gets the first 10,000 characters of a body that no parser could read; null if it was read.</summary>
    public string? RawExcerpt { get; init; }

    /// <summary>Gets the message if <see cref="CapturedContent.Message"/> is set; null if it is not, or nothing could
    /// be read.</summary>
    public AssistantMessage? Message { get; init; }

    /// <summary>Gets the data of each event, in order, if <see cref="CapturedContent.Events"/> is set; else null. A
    /// plain JSON body is one event.</summary>
    public IReadOnlyList<string>? Events { get; init; }

    /// <summary>Gets whether a limit left out or cut content: the length of the excerpt,
    /// <see cref="StreamUsageOptions.MaxCapturedBytes"/>, <see cref="StreamUsageOptions.MaxRetainedBytes"/> or
    /// <see cref="StreamUsageOptions.MaxEventBytes"/>.</summary>
    public bool Truncated { get; init; }
}
