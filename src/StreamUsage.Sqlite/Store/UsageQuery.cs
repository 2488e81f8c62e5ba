namespace StreamUsage.Sqlite;

/// <summary>Specifies which records of a store are read or summed, and what sums are grouped by.</summary>
/// <remarks>A filter that is null takes all records. One that is empty takes those without a value.</remarks>
public sealed record UsageQuery
{
    /// <summary>Gets the earliest start of a record; null for no limit.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Gets the time before which a record starts; null for no limit.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Gets the user.</summary>
    public string? UserId { get; init; }

    /// <summary>Gets the API key.</summary>
    public string? ApiKeyId { get; init; }

    /// <summary>Gets the model that answered, else the one that was asked for.</summary>
    public string? Model { get; init; }

    /// <summary>Gets the provider.</summary>
    public string? Provider { get; init; }

    /// <summary>Gets the status; null for all.</summary>
    public UsageStatus? Status { get; init; }

    /// <summary>Gets what the sums are grouped by; none for one sum.</summary>
    public UsageGrouping GroupBy { get; init; }
}
