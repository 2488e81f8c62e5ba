using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace StreamUsage.Sqlite.Outbox;

/// <summary>Represents one open file of an outbox, locked against other processes. Used by one thread at a
/// time.</summary>
/// <remarks>Schema version 1: one row per record. States are open (a response that is being read), stored and failed.
/// The record is JSON, as <see cref="UsageRecordJson"/> writes it.</remarks>
internal sealed class OutboxFile : IDisposable
{
    private const int SchemaVersion = 1;
    private const int Open = 0, Stored = 1, Failed = 2;

    private const string Schema = """
        CREATE TABLE IF NOT EXISTS record (
            position INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            state INTEGER NOT NULL,
            process TEXT NOT NULL,
            failed_at TEXT,
            json BLOB NOT NULL);
        CREATE INDEX IF NOT EXISTS record_state ON record (state, position);
        """;

    private const string Columns = "position, id, state, process, failed_at, json";

    private readonly SqliteConnection _connection;
    private readonly string _process;
    private readonly Dictionary<string, SqliteCommand> _commands = [];

    private OutboxFile(SqliteConnection connection, string path, string process) =>
        (_connection, Path, _process) = (connection, path, process);

    public string Path { get; }

    /// <summary>Opens and locks a file, or creates it.</summary>
    /// <exception cref="SqliteException">The file is locked, damaged, or cannot be opened.</exception>
    /// <exception cref="NotSupportedException">A later version of the library wrote the file.</exception>
    public static OutboxFile OpenOrCreate(string path, string process)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Pooling = false,
            DefaultTimeout = 1,
        }.ToString());
        var file = new OutboxFile(connection, path, process);
        try
        {
            connection.Open();

            // The lock is held until the file is closed, or the process ends. A SqliteCommand would retry for a second.
            int result = raw.sqlite3_exec(connection.Handle, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT");
            SqliteException.ThrowExceptionForRC(result, connection.Handle);
            file.Execute("PRAGMA journal_mode = WAL");
            file.Execute("PRAGMA synchronous = FULL"); // A commit survives a power failure.
            file.Execute("BEGIN EXCLUSIVE");
            long version = (long)file.Command("PRAGMA user_version").ExecuteScalar()!;
            if (version > SchemaVersion)
            {
                throw new NotSupportedException($"The outbox {path} has schema version {version}; this library reads {SchemaVersion}.");
            }

            file.Execute(Schema);
            file.Execute($"PRAGMA user_version = {SchemaVersion}");
            file.Execute("COMMIT");
            if (file.Command("PRAGMA quick_check(1)").ExecuteScalar() is not "ok")
            {
                throw new SqliteException("The file is damaged.", SqliteErrors.Corrupt);
            }

            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public void Begin() => Execute("BEGIN IMMEDIATE");

    public void Commit() => Execute("COMMIT");

    public void Rollback()
    {
        try
        {
            Execute("ROLLBACK");
        }
        catch (Exception)
        {
            // SQLite rolls back by itself after some errors.
        }
    }

    /// <summary>Stores a record in place of its open response. It gets the next position.</summary>
    public void Store(string id, byte[] json) =>
        Execute("INSERT OR REPLACE INTO record (id, state, process, json) VALUES ($0, $1, $2, $3)", id, Stored, _process, json);

    /// <summary>Keeps the state of an open response.</summary>
    public void Keep(Guid id, byte[] json) => Execute(
        """
        INSERT INTO record (id, state, process, json) VALUES ($0, $1, $2, $3)
        ON CONFLICT (id) DO UPDATE SET json = excluded.json WHERE state = 0
        """,
        id.ToString(), Open, _process, json);

    /// <summary>Takes over a row of another file.</summary>
    public void Adopt(in OutboxRow row) => Execute(
        "INSERT OR IGNORE INTO record (id, state, process, failed_at, json) VALUES ($0, $1, $2, $3, $4)",
        row.Id, row.State, row.Process, row.FailedAt, row.Json);

    /// <summary>Takes over a row of the damaged file that this one replaces.</summary>
    public void Restore(in OutboxRow row) => Execute(
        "INSERT OR IGNORE INTO record (position, id, state, process, failed_at, json) VALUES ($0, $1, $2, $3, $4, $5)",
        row.Position, row.Id, row.State, row.Process, row.FailedAt, row.Json);

    public void Remove(long position) => Execute("DELETE FROM record WHERE position = $0", position);

    public void Remove(string id) => Execute("DELETE FROM record WHERE id = $0", id);

    public void Fail(string id, DateTimeOffset now) =>
        Execute("UPDATE record SET state = $1, failed_at = $2 WHERE id = $0", id, Failed, Time(now));

    public void RemoveFailedBefore(DateTimeOffset time) =>
        Execute("DELETE FROM record WHERE state = $0 AND failed_at < $1", Failed, Time(time));

    /// <summary>Reads stored records, and open responses of other processes.</summary>
    public List<OutboxRow> Read(long after, int max) => Rows(
        $"""
        SELECT {Columns} FROM record WHERE position > $0 AND (state = 1 OR (state = 0 AND process <> $1))
        ORDER BY position LIMIT $2
        """,
        after, _process, max);

    public List<OutboxRow> ReadFirst(int max) => Rows($"SELECT {Columns} FROM record ORDER BY position LIMIT $0", max);

    /// <summary>Returns the position of the last stored record up to a position; 0 if there is none.</summary>
    public long LastStored(long upTo) => (long)Bind(
        Command("SELECT COALESCE(MAX(position), 0) FROM record WHERE state = 1 AND position <= $0"), [upTo]).ExecuteScalar()!;

    public void Dispose()
    {
        foreach (SqliteCommand command in _commands.Values)
        {
            command.Dispose();
        }

        _connection.Dispose();
    }

    private List<OutboxRow> Rows(string sql, params object?[] values)
    {
        var rows = new List<OutboxRow>();
        using SqliteDataReader reader = Bind(Command(sql), values).ExecuteReader();
        while (reader.Read())
        {
            rows.Add(OutboxRow.Of(reader));
        }

        return rows;
    }

    private void Execute(string sql, params object?[] values) => Bind(Command(sql), values).ExecuteNonQuery();

    private SqliteCommand Command(string sql)
    {
        if (!_commands.TryGetValue(sql, out SqliteCommand? command))
        {
            command = _connection.CreateCommand();
            command.CommandText = sql;
            _commands.Add(sql, command);
        }

        return command;
    }

    private static SqliteCommand Bind(SqliteCommand command, object?[] values)
    {
        for (int i = command.Parameters.Count; i < values.Length; i++)
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = $"${i}" });
        }

        for (int i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        }

        return command;
    }

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("O");
}
