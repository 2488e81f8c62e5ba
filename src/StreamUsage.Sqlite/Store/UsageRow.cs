using System.Globalization;
using System.Text;
using Microsoft.Data.Sqlite;

namespace StreamUsage.Sqlite;

/// <summary>Maps a record to its row.</summary>
internal static class UsageRow
{
    public const string Schema = """
        PRAGMA journal_mode = WAL;
        CREATE TABLE IF NOT EXISTS usage_record (
            id TEXT PRIMARY KEY, started_at TEXT NOT NULL, duration_ms REAL NOT NULL,
            request_id TEXT, attempt_id TEXT, user_id TEXT, api_key_id TEXT, provider TEXT, model TEXT, operation TEXT NOT NULL,
            status TEXT NOT NULL, outcome TEXT NOT NULL, status_code INTEGER NOT NULL, error_type TEXT, anomalies TEXT NOT NULL,
            input_tokens INTEGER NOT NULL, cache_read_tokens INTEGER NOT NULL, cache_creation_tokens INTEGER NOT NULL,
            cache_creation_5m_tokens INTEGER NOT NULL, cache_creation_1h_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
            input_source TEXT NOT NULL, output_source TEXT NOT NULL, cost TEXT, unpriced_reason TEXT, record TEXT NOT NULL);
        CREATE INDEX IF NOT EXISTS usage_record_time ON usage_record (started_at);
        CREATE INDEX IF NOT EXISTS usage_record_user ON usage_record (user_id, started_at);
        CREATE INDEX IF NOT EXISTS usage_record_key ON usage_record (api_key_id, started_at);
        CREATE INDEX IF NOT EXISTS usage_record_model ON usage_record (model, started_at);
        PRAGMA user_version = 1;
        """;

    private static readonly (string Column, Func<UsageRecord, object?> Value)[] Columns =
    [
        ("id", static r => r.Id.ToString()),
        ("started_at", static r => Time(r.StartedAt)),
        ("duration_ms", static r => r.Duration.TotalMilliseconds),
        ("request_id", static r => r.Context.RequestId),
        ("attempt_id", static r => r.Context.AttemptId),
        ("user_id", static r => r.Context.UserId),
        ("api_key_id", static r => r.Context.ApiKeyId),
        ("provider", static r => r.Context.Provider),
        ("model", static r => r.ResponseModel ?? r.Context.Model),
        ("operation", static r => r.Operation),
        ("status", static r => r.Status.ToString()),
        ("outcome", static r => r.Outcome.ToString()),
        ("status_code", static r => r.StatusCode),
        ("error_type", static r => r.ErrorType),
        ("anomalies", static r => r.Anomalies.ToString()),
        ("input_tokens", static r => r.BilledUsage.InputTokens),
        ("cache_read_tokens", static r => r.BilledUsage.CacheReadInputTokens),
        ("cache_creation_tokens", static r => r.BilledUsage.CacheCreationInputTokens),
        ("cache_creation_5m_tokens", static r => r.BilledUsage.CacheCreation5mInputTokens),
        ("cache_creation_1h_tokens", static r => r.BilledUsage.CacheCreation1hInputTokens),
        ("output_tokens", static r => r.BilledUsage.OutputTokens),
        ("input_source", static r => r.InputSource.ToString()),
        ("output_source", static r => r.OutputSource.ToString()),
        ("cost", static r => r.Cost?.Total.ToString(CultureInfo.InvariantCulture)),
        ("unpriced_reason", static r => r.UnpricedReason),
        ("record", static r => Encoding.UTF8.GetString(UsageRecordJson.ToUtf8Bytes(r))),
    ];

    // The last state of a response whose process ended never replaces its record, which may have been delivered as
    // well.
    private static readonly string Insert =
        $"INSERT INTO usage_record ({string.Join(", ", Columns.Select(static column => column.Column))}) "
        + $"VALUES ({string.Join(", ", Columns.Select(static column => "$" + column.Column))}) "
        + $"ON CONFLICT (id) DO UPDATE SET {string.Join(", ", Columns.Skip(1).Select(static c => $"{c.Column} = excluded.{c.Column}"))} "
        + "WHERE excluded.error_type IS NOT 'process_ended'";

    public static SqliteCommand CreateInsert(SqliteConnection connection, SqliteTransaction transaction)
    {
        SqliteCommand command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = Insert;
        foreach ((string column, _) in Columns)
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = "$" + column });
        }

        return command;
    }

    public static void Fill(SqliteCommand insert, UsageRecord record)
    {
        for (int i = 0; i < Columns.Length; i++)
        {
            insert.Parameters[i].Value = Columns[i].Value(record) ?? DBNull.Value;
        }
    }

    /// <summary>Returns a time as the store writes it, so that texts compare like times.</summary>
    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);
}
