namespace StreamUsage.Accounting;

/// <summary>Represents an error as the provider reported it.</summary>
internal sealed record ProviderError
{
    /// <summary>Gets the kind of error, as reported; null if none.</summary>
    public string? Type { get; init; }

    /// <summary>Gets the message, as reported; null if none.</summary>
    public string? Message { get; init; }

    /// <summary>Gets the error's HTTP status, 400 to 599, from its number or known type; null if it has
    /// neither.</summary>
    public int? StatusCode { get; init; }
}
