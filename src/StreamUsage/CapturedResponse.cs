namespace StreamUsage;

/// <summary>What was kept of a response's body.</summary>
public sealed record CapturedResponse
{
    /// <summary>The first 10,000 characters of a body that no parser could read, as UTF-8 with invalid bytes replaced; null where it was read.</summary>
    public string? RawExcerpt { get; init; }

    /// <summary>The message, where <see cref="CapturedContent.Message"/> was asked for; null where it was not, or nothing could be read.</summary>
    public AssistantMessage? Message { get; init; }

    /// <summary>The data of every event in order, where <see cref="CapturedContent.Events"/> was asked for; null where it was not. One plain JSON body is one event.</summary>
    public IReadOnlyList<string>? Events { get; init; }

    /// <summary>Whether something of what was to be kept was left out or cut: there was more than the excerpt holds, than <see cref="StreamUsageOptions.MaxCapturedBytes"/>, than was left of <see cref="StreamUsageOptions.MaxRetainedBytes"/>, or an event over <see cref="StreamUsageOptions.MaxEventBytes"/>.</summary>
    public bool Truncated { get; init; }
}
