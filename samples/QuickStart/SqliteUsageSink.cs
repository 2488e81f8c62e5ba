using System.Globalization;
using System.Text;
using Microsoft.Data.Sqlite;
using StreamUsage;

namespace QuickStart;

/// <summary>Stores one row a record. A record that comes twice replaces itself: its id is the key.</summary>
internal sealed class SqliteUsageSink(string connectionString) : IUsageSink
{
    private const string Table = """
        CREATE TABLE IF NOT EXISTS usage_record (
            id TEXT PRIMARY KEY, request_id TEXT, started_at TEXT NOT NULL, milliseconds REAL NOT NULL,
            protocol TEXT, model TEXT, status TEXT NOT NULL, outcome TEXT NOT NULL, status_code INTEGER NOT NULL,
            input INTEGER NOT NULL, cache_read INTEGER NOT NULL, cache_creation INTEGER NOT NULL, output INTEGER NOT NULL,
            input_source TEXT NOT NULL, output_source TEXT NOT NULL, cost TEXT, record TEXT NOT NULL)
        """;

    private const string Insert = """
        INSERT OR REPLACE INTO usage_record VALUES (
            $id, $request, $started, $milliseconds, $protocol, $model, $status, $outcome, $code,
            $input, $cacheRead, $cacheCreation, $output, $inputSource, $outputSource, $cost, $record)
        """;

    public Task CreateTableAsync() => ExecuteAsync(Table, []);

    public async ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken) => await ExecuteAsync(Insert,
    [
        ("$id", record.Id.ToString()), ("$request", record.Context.RequestId),
        ("$started", record.StartedAt.ToString("O")), ("$milliseconds", record.Duration.TotalMilliseconds),
        ("$protocol", record.Protocol), ("$model", record.ResponseModel),
        ("$status", record.Status.ToString()), ("$outcome", record.Outcome.ToString()), ("$code", record.StatusCode),
        ("$input", record.BilledUsage.InputTokens), ("$cacheRead", record.BilledUsage.CacheReadInputTokens),
        ("$cacheCreation", record.BilledUsage.CacheCreationInputTokens), ("$output", record.BilledUsage.OutputTokens),
        ("$inputSource", record.InputSource.ToString()), ("$outputSource", record.OutputSource.ToString()),
        ("$cost", record.Cost?.Total.ToString(CultureInfo.InvariantCulture)),
        ("$record", Encoding.UTF8.GetString(UsageRecordJson.ToUtf8Bytes(record))),
    ], cancellationToken);

    private async Task ExecuteAsync(string sql, (string Name, object? Value)[] parameters, CancellationToken cancellationToken = default)
    {
        await using var connection = new SqliteConnection(connectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new SqliteCommand(sql, connection);
        foreach ((string name, object? value) in parameters)
        {
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        }

        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
