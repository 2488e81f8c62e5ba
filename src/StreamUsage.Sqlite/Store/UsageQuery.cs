namespace StreamUsage.Sqlite;

/// <summary>Specifies which records of a store are summed, and by what.</summary>
public sealed record UsageQuery
{
    /// <summary>Gets the earliest start of a record; null for no limit.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Gets the time before which a record starts; null for no limit.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Gets the user; null for all.</summary>
    public string? UserId { get; init; }

    /// <summary>Gets the API key; null for all.</summary>
    public string? ApiKeyId { get; init; }

    /// <summary>Gets the model; null for all.</summary>
    public string? Model { get; init; }

    /// <summary>Gets the provider; null for all.</summary>
    public string? Provider { get; init; }

    /// <summary>Gets what the sums are grouped by; none for one sum.</summary>
    public UsageGrouping GroupBy { get; init; }
}
