namespace StreamUsage.Accounting;

/// <summary>An error as the provider reported it.</summary>
internal sealed record ProviderError
{
    /// <summary>The provider's word for its kind; null where it gave none.</summary>
    public string? Type { get; init; }

    /// <summary>The provider's message; null where it gave none.</summary>
    public string? Message { get; init; }

    /// <summary>The HTTP status that it stands for, 400 to 599; null where neither a number nor a known type says so.</summary>
    public int? StatusCode { get; init; }
}
