using System.Text;
using Microsoft.Data.Sqlite;

namespace StreamUsage.Sqlite;

/// <summary>Stores one row per record in a SQLite file. A record with the id of an earlier one
/// replaces it, unless it is the last state before a crash.</summary>
/// <remarks>
/// <para>Table <c>usage_record</c>: a typed column for what is filtered and summed, and the whole record as JSON in
/// <c>record</c>. Token columns are those of <see cref="UsageRecord.BilledUsage"/>. Times are ISO 8601 in UTC,
/// <c>cost</c> is a decimal as text. <c>PRAGMA user_version</c> is 1.</para>
/// <para>A record is on disk when <see cref="RecordAsync"/> returns. Other programs can read the file
/// meanwhile.</para>
/// </remarks>
public sealed class SqliteUsageStore : IUsageSink
{
    private readonly string _connection;
    private readonly string _path;
    private Task? _created;

    /// <summary>Creates a store. The file is opened by the first record or query.</summary>
    /// <param name="path">The file. Its folder is created if it is missing.</param>
    /// <exception cref="ArgumentNullException"><paramref name="path"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty.</exception>
    public SqliteUsageStore(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        _path = Path.GetFullPath(path);
        _connection = new SqliteConnectionStringBuilder { DataSource = _path }.ToString();
    }

    /// <inheritdoc/>
    public ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken) =>
        RecordBatchAsync([record], cancellationToken);

    /// <inheritdoc/>
    public async ValueTask RecordBatchAsync(IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(records);
        using SqliteConnection connection = await OpenAsync(cancellationToken).ConfigureAwait(false);
        using SqliteTransaction transaction = connection.BeginTransaction(deferred: false);
        using SqliteCommand insert = UsageRow.CreateInsert(connection, transaction);
        foreach (UsageRecord record in records)
        {
            UsageRow.Fill(insert, record);
            insert.ExecuteNonQuery();
        }

        transaction.Commit();
    }

    /// <summary>Sums records.</summary>
    /// <param name="query">Which records, and by what.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <returns>The sums, in the order of the query's groups.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="query"/> is null.</exception>
    /// <exception cref="SqliteException">The file cannot be read.</exception>
    public async Task<IReadOnlyList<UsageSum>> SumAsync(UsageQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        using SqliteConnection connection = await OpenAsync(cancellationToken).ConfigureAwait(false);
        return await UsageSums.ReadAsync(connection, query, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes sums as CSV (RFC 4180), one line each below a line of names. Texts that a spreadsheet would run
    /// as a formula begin with an apostrophe.</summary>
    /// <param name="query">Which records, and by what.</param>
    /// <param name="writer">Receives the CSV.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <returns>A task that ends when all is written.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="SqliteException">The file cannot be read.</exception>
    public async Task WriteCsvAsync(UsageQuery query, TextWriter writer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(writer);
        UsageCsv.Write(writer, await SumAsync(query, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Reads a page of records, the newest first.</summary>
    /// <param name="query">Which records. Its groups are ignored.</param>
    /// <param name="limit">The most records, 1 to 10,000.</param>
    /// <param name="after">The id of the last record of the page before; null for the first page. If it is not in the
    /// store, there are no records after it.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <returns>The records; fewer than <paramref name="limit"/> on the last page.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="query"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="limit"/> is out of range.</exception>
    /// <exception cref="SqliteException">The file cannot be read.</exception>
    public async Task<IReadOnlyList<UsageRecord>> ListAsync(
        UsageQuery query, int limit = 100, Guid? after = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, 10_000);
        using SqliteConnection connection = await OpenAsync(cancellationToken).ConfigureAwait(false);
        using SqliteCommand command = connection.CreateCommand();
        string? page = after is null ? null : "(started_at, id) < (SELECT started_at, id FROM usage_record WHERE id = $after)";
        command.CommandText = $"""
            SELECT record FROM usage_record {UsageFilter.Where(command, query, page)} ORDER BY started_at DESC, id DESC LIMIT {limit}
            """;
        if (after is { } id)
        {
            command.Parameters.AddWithValue("$after", id.ToString());
        }

        var records = new List<UsageRecord>();
        using SqliteDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            records.Add(Read(reader.GetString(0)));
        }

        return records;
    }

    /// <summary>Reads a record.</summary>
    /// <param name="id">The record's id.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <returns>The record; null if it is not in the store.</returns>
    /// <exception cref="SqliteException">The file cannot be read.</exception>
    public async Task<UsageRecord?> FindAsync(Guid id, CancellationToken cancellationToken = default)
    {
        using SqliteConnection connection = await OpenAsync(cancellationToken).ConfigureAwait(false);
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "SELECT record FROM usage_record WHERE id = $id";
        command.Parameters.AddWithValue("$id", id.ToString());
        return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is string json
            ? Read(json) : null;
    }

    private static UsageRecord Read(string json) => UsageRecordJson.Read(Encoding.UTF8.GetBytes(json));

    private async Task<SqliteConnection> OpenAsync(CancellationToken cancellationToken)
    {
        Task created = _created is { IsFaulted: false } earlier ? earlier : _created = CreateAsync();
        await created.ConfigureAwait(false);
        var connection = new SqliteConnection(_connection);
        try
        {
            await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private async Task CreateAsync()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        using var connection = new SqliteConnection(_connection);
        await connection.OpenAsync().ConfigureAwait(false);
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = UsageRow.Schema;
        await command.ExecuteNonQueryAsync().ConfigureAwait(false);
    }
}
