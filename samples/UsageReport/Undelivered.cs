using System.Globalization;
using Microsoft.Data.Sqlite;
using StreamUsage;

namespace UsageReport;

/// <summary>Prints the records of an outbox, and replays them. The outbox of a running process is locked.</summary>
internal static class Undelivered
{
    private static readonly string[] States = ["open", "waiting", "failed"];

    public static void Print(string outbox, bool isCsv)
    {
        var table = new Table("position", "state", "id", "started at", "request", "model", "input", "output", "cost");
        using SqliteConnection connection = Open(outbox);
        foreach ((long position, long state, UsageRecord record) in Read(connection, "0, 1, 2"))
        {
            TokenUsage usage = record.BilledUsage;
            table.Add(
                position, States[state], record.Id, record.StartedAt.ToString("u", CultureInfo.InvariantCulture), record.Context.RequestId,
                record.ResponseModel, usage.TotalInputTokens, usage.OutputTokens, record.Cost?.Total);
        }

        table.Print(Console.Out, isCsv);
    }

    public static async Task<int> ReplayAsync(string outbox, IUsageSink sink)
    {
        using SqliteConnection connection = Open(outbox);
        (long Position, long State, UsageRecord Record)[] rows = [.. Read(connection, "1, 2")];
        foreach ((long Position, long State, UsageRecord Record)[] batch in rows.Chunk(100))
        {
            await sink.RecordBatchAsync([.. batch.Select(static row => row.Record)], CancellationToken.None);
            Execute(connection, $"DELETE FROM record WHERE position IN ({string.Join(", ", batch.Select(static row => row.Position))})");
        }

        return rows.Length;
    }

    private static SqliteConnection Open(string outbox)
    {
        Reports.MustExist(outbox);
        var connection = new SqliteConnection($"Data Source={outbox};Mode=ReadWrite;Pooling=False;Default Timeout=1");
        connection.Open();
        Execute(connection, "PRAGMA locking_mode = EXCLUSIVE");
        return connection;
    }

    private static List<(long Position, long State, UsageRecord Record)> Read(SqliteConnection connection, string states)
    {
        var rows = new List<(long Position, long State, UsageRecord Record)>();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = $"SELECT position, state, json FROM record WHERE state IN ({states}) ORDER BY position";
        using SqliteDataReader reader = command.ExecuteReader();
        while (reader.Read())
        {
            rows.Add((reader.GetInt64(0), reader.GetInt64(1), UsageRecordJson.Read((byte[])reader.GetValue(2))));
        }

        return rows;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
