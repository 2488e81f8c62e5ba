using System.Globalization;
using Microsoft.Data.Sqlite;
using StreamUsage;

namespace QuickStart;

/// <summary>A row that <see cref="SqliteUsageSink"/> has written.</summary>
internal sealed record StoredRecord
{
    public string? RequestId { get; init; }

    public string? Protocol { get; init; }

    public string? Model { get; init; }

    public UsageStatus Status { get; init; }

    public StreamOutcome Outcome { get; init; }

    public int StatusCode { get; init; } = 200;

    public long Input { get; init; }

    public long CacheRead { get; init; }

    public long CacheCreation { get; init; }

    public long Output { get; init; }

    public TokenSource InputSource { get; init; } = TokenSource.Reported;

    public TokenSource OutputSource { get; init; } = TokenSource.Reported;

    /// <summary>US dollars; null where the price is not known.</summary>
    public decimal? Cost { get; init; }

    public double Milliseconds { get; init; }

    public static async Task<IReadOnlyList<StoredRecord>> ReadAllAsync(string connectionString)
    {
        await using var connection = new SqliteConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new SqliteCommand(
            """
            SELECT request_id, protocol, model, status, outcome, status_code, input, cache_read, cache_creation, output,
                input_source, output_source, milliseconds, cost
            FROM usage_record ORDER BY started_at
            """,
            connection);
        await using SqliteDataReader row = await command.ExecuteReaderAsync();
        var records = new List<StoredRecord>();
        while (await row.ReadAsync())
        {
            records.Add(new StoredRecord
            {
                RequestId = row.GetString(0),
                Protocol = row.IsDBNull(1) ? null : row.GetString(1),
                Model = row.IsDBNull(2) ? null : row.GetString(2),
                Status = Enum.Parse<UsageStatus>(row.GetString(3)),
                Outcome = Enum.Parse<StreamOutcome>(row.GetString(4)),
                StatusCode = row.GetInt32(5),
                Input = row.GetInt64(6),
                CacheRead = row.GetInt64(7),
                CacheCreation = row.GetInt64(8),
                Output = row.GetInt64(9),
                InputSource = Enum.Parse<TokenSource>(row.GetString(10)),
                OutputSource = Enum.Parse<TokenSource>(row.GetString(11)),
                Milliseconds = row.GetDouble(12),
                Cost = row.IsDBNull(13) ? null : decimal.Parse(row.GetString(13), CultureInfo.InvariantCulture),
            });
        }

        return records;
    }
}
