namespace StreamUsage.Sqlite;

/// <summary>Represents the options of an outbox.</summary>
public sealed class SqliteOutboxOptions
{
    private const string UpToADay = "must be positive, and at most a day";

    private static readonly TimeSpan OneDay = TimeSpan.FromDays(1), MaxRetention = TimeSpan.FromDays(10_000);

    /// <summary>Gets or sets how long a record may wait until it is on disk; 5 seconds by default. A record that waits
    /// longer is delivered directly.</summary>
    public TimeSpan StoreTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Gets or sets how long records that a sink never accepted stay in the outbox; 30 days by default, zero
    /// for not at all.</summary>
    public TimeSpan FailedRecordRetention { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Gets or sets how often the outboxes of ended processes in the same folder are looked for; 10 seconds by
    /// default.</summary>
    public TimeSpan AdoptionInterval { get; set; } = TimeSpan.FromSeconds(10);

    internal void Validate()
    {
        Check(StoreTimeout > TimeSpan.Zero && StoreTimeout <= OneDay, nameof(StoreTimeout), UpToADay);
        Check(FailedRecordRetention >= TimeSpan.Zero && FailedRecordRetention <= MaxRetention, nameof(FailedRecordRetention),
            "must not be negative, and at most 10,000 days");
        Check(AdoptionInterval > TimeSpan.Zero && AdoptionInterval <= OneDay, nameof(AdoptionInterval), UpToADay);
    }

    private static void Check(bool isValid, string name, string rule)
    {
        if (!isValid)
        {
            throw new ArgumentException($"{nameof(SqliteOutboxOptions)}.{name} {rule}.", name);
        }
    }
}
