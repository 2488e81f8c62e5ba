namespace StreamUsage.Sqlite;

/// <summary>Represents the sum of some records. Members that the query does not group by are null.</summary>
public sealed record UsageSum
{
    /// <summary>Gets the begin of the hour or the day, in UTC.</summary>
    public DateTimeOffset? Period { get; init; }

    /// <summary>Gets the user; also null for records without one.</summary>
    public string? UserId { get; init; }

    /// <summary>Gets the API key; also null for records without one.</summary>
    public string? ApiKeyId { get; init; }

    /// <summary>Gets the model; also null for records without one.</summary>
    public string? Model { get; init; }

    /// <summary>Gets the provider; also null for records without one.</summary>
    public string? Provider { get; init; }

    /// <summary>Gets the number of records.</summary>
    public long Records { get; init; }

    /// <summary>Gets how many of them did not complete.</summary>
    public long FailedRecords { get; init; }

    /// <summary>Gets how many of them have an estimated count.</summary>
    public long EstimatedRecords { get; init; }

    /// <summary>Gets the billed tokens, estimates included. The subsets are null.</summary>
    public TokenUsage BilledUsage { get; init; }

    /// <summary>Gets the cost of the priced records, exact to the last digit. It is in US dollars, unless a custom
    /// pricing has another currency. Currencies are not told apart.</summary>
    public decimal Cost { get; init; }

    /// <summary>Gets how many records have no cost.</summary>
    public long UnpricedRecords { get; init; }
}
