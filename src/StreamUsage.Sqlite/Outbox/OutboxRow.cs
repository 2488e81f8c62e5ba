using Microsoft.Data.Sqlite;

namespace StreamUsage.Sqlite.Outbox;

/// <summary>Represents a row of an outbox's file.</summary>
internal readonly record struct OutboxRow(long Position, string Id, int State, string Process, string? FailedAt, byte[] Json)
{
    public bool IsOpen => State == 0;

    /// <summary>Reads a row. A value of the wrong type, which damage can bring about, becomes an empty one.</summary>
    public static OutboxRow Of(SqliteDataReader reader) => new(
        reader.GetInt64(0),
        reader.GetValue(1) as string ?? "",
        reader.GetValue(2) is long state ? (int)state : 1,
        reader.GetValue(3) as string ?? "",
        reader.GetValue(4) as string,
        reader.GetValue(5) as byte[] ?? []);
}
