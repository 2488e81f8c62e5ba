namespace StreamUsage;

/// <summary>What was kept of a response's body.</summary>
public sealed record CapturedResponse
{
    /// <summary>The first 10,000 characters of a body that no parser could read, as UTF-8 with invalid bytes replaced; null where it was read.</summary>
    public string? RawExcerpt { get; init; }

    /// <summary>Whether the body went on past what was kept.</summary>
    public bool Truncated { get; init; }
}
