using Npgsql;
using NpgsqlTypes;
using StreamUsage;

namespace PostgresSink;

/// <summary>Stores records in PostgreSQL: a batch is copied into a staging table and merged from there, so that a
/// record that comes twice is one row. The table has a partition for each day.</summary>
internal sealed class PostgresUsageSink(NpgsqlDataSource database) : IUsageSink
{
    private const string Schema = """
        CREATE TABLE IF NOT EXISTS usage_record (
            id uuid NOT NULL, started_at timestamptz NOT NULL, duration_ms double precision NOT NULL, user_id text, api_key_id text,
            provider text, model text, outcome text NOT NULL, status_code integer NOT NULL,
            input_tokens bigint NOT NULL, cache_read_tokens bigint NOT NULL, cache_creation_tokens bigint NOT NULL,
            output_tokens bigint NOT NULL, cost numeric, record jsonb NOT NULL,
            PRIMARY KEY (id, started_at)) PARTITION BY RANGE (started_at);
        CREATE INDEX IF NOT EXISTS usage_record_user ON usage_record (user_id, started_at);
        CREATE MATERIALIZED VIEW IF NOT EXISTS usage_by_user_and_model AS
            SELECT user_id, model, count(*) AS records, sum(input_tokens) AS input_tokens, sum(cache_read_tokens) AS cache_read_tokens,
                sum(cache_creation_tokens) AS cache_creation_tokens, sum(output_tokens) AS output_tokens, sum(cost) AS cost
            FROM usage_record GROUP BY user_id, model;
        """;

    private const string Columns = "id, started_at, duration_ms, user_id, api_key_id, provider, model, outcome, status_code, "
        + "input_tokens, cache_read_tokens, cache_creation_tokens, output_tokens, cost, record";

    private readonly HashSet<DateOnly> _partitions = [];

    public Task CreateSchemaAsync() => ExecuteAsync(Schema);

    public Task RefreshSumsAsync() => ExecuteAsync("REFRESH MATERIALIZED VIEW usage_by_user_and_model");

    public ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken) => RecordBatchAsync([record], cancellationToken);

    public async ValueTask RecordBatchAsync(IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken)
    {
        foreach (DateOnly day in records.Select(static record => DateOnly.FromDateTime(record.StartedAt.UtcDateTime)).Distinct())
        {
            await CreatePartitionAsync(day);
        }

        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellationToken);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var stage = new NpgsqlCommand(
            $"CREATE TEMP TABLE stage ON COMMIT DROP AS SELECT {Columns} FROM usage_record WITH NO DATA", connection);
        await stage.ExecuteNonQueryAsync(cancellationToken);
        await CopyAsync(connection, records, cancellationToken);
        await using var merge = new NpgsqlCommand(
            $"INSERT INTO usage_record ({Columns}) SELECT {Columns} FROM stage ON CONFLICT (id, started_at) DO NOTHING", connection);
        await merge.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private static async Task CopyAsync(
        NpgsqlConnection connection, IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken)
    {
        await using NpgsqlBinaryImporter copy = await connection.BeginBinaryImportAsync(
            $"COPY stage ({Columns}) FROM STDIN (FORMAT BINARY)", cancellationToken);
        foreach (UsageRecord record in records)
        {
            await copy.StartRowAsync(cancellationToken);
            await copy.WriteAsync(record.Id, NpgsqlDbType.Uuid, cancellationToken);
            await copy.WriteAsync(record.StartedAt.UtcDateTime, NpgsqlDbType.TimestampTz, cancellationToken);
            await copy.WriteAsync(record.Duration.TotalMilliseconds, NpgsqlDbType.Double, cancellationToken);
            await TextAsync(record.Context.UserId);
            await TextAsync(record.Context.ApiKeyId);
            await TextAsync(record.Context.Provider);
            await TextAsync(record.ResponseModel ?? record.Context.Model);
            await TextAsync(record.Outcome.ToString());
            await copy.WriteAsync(record.StatusCode, NpgsqlDbType.Integer, cancellationToken);
            await copy.WriteAsync(record.BilledUsage.InputTokens, NpgsqlDbType.Bigint, cancellationToken);
            await copy.WriteAsync(record.BilledUsage.CacheReadInputTokens, NpgsqlDbType.Bigint, cancellationToken);
            await copy.WriteAsync(record.BilledUsage.CacheCreationInputTokens, NpgsqlDbType.Bigint, cancellationToken);
            await copy.WriteAsync(record.BilledUsage.OutputTokens, NpgsqlDbType.Bigint, cancellationToken);
            await copy.WriteAsync(record.Cost?.Total, NpgsqlDbType.Numeric, cancellationToken);
            await copy.WriteAsync(UsageRecordJson.ToUtf8Bytes(record), NpgsqlDbType.Jsonb, cancellationToken);
        }

        await copy.CompleteAsync(cancellationToken);

        // PostgreSQL's text has no U+0000.
        Task TextAsync(string? value) =>
            copy.WriteAsync(value?.Replace("\0", "", StringComparison.Ordinal), NpgsqlDbType.Text, cancellationToken);
    }

    // Others may create it too: the lock makes them take turns.
    private async Task CreatePartitionAsync(DateOnly day)
    {
        lock (_partitions)
        {
            if (_partitions.Contains(day))
            {
                return;
            }
        }

        await ExecuteAsync($"""
            SELECT pg_advisory_xact_lock(7238);
            CREATE TABLE IF NOT EXISTS usage_record_{day:yyyyMMdd} PARTITION OF usage_record
                FOR VALUES FROM ('{day:yyyy-MM-dd} 00:00Z') TO ('{day.AddDays(1):yyyy-MM-dd} 00:00Z');
            """);
        lock (_partitions)
        {
            _partitions.Add(day);
        }
    }

    private async Task ExecuteAsync(string sql)
    {
        await using NpgsqlCommand command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
