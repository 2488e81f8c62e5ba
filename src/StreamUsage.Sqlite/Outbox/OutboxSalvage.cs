using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace StreamUsage.Sqlite.Outbox;

/// <summary>Reads what can be read of a damaged file.</summary>
internal static class OutboxSalvage
{
    /// <summary>Returns the readable rows: from the first on, and from the last back, up to the damage.</summary>
    public static List<OutboxRow> Read(string path)
    {
        var rows = new SortedDictionary<long, OutboxRow>();
        foreach (string order in (string[])["ASC", "DESC"])
        {
            try
            {
                using var connection = new SqliteConnection(new SqliteConnectionStringBuilder
                {
                    DataSource = path,
                    Pooling = false,
                    DefaultTimeout = 1,
                }.ToString());
                connection.Open();
                using SqliteCommand command = connection.CreateCommand();
                command.CommandText =
                    $"SELECT position, id, state, process, failed_at, json FROM record NOT INDEXED ORDER BY position {order}";
                using SqliteDataReader reader = command.ExecuteReader();
                while (reader.Read())
                {
                    OutboxRow row = OutboxRow.Of(reader);
                    if (IsWhole(row))
                    {
                        rows.TryAdd(row.Position, row);
                    }
                }
            }
            catch (Exception fault) when (fault is SqliteException or InvalidOperationException or IOException)
            {
                // The damage begins here.
            }
        }

        return [.. rows.Values];
    }

    private static bool IsWhole(in OutboxRow row)
    {
        try
        {
            return UsageRecordJson.Read(row.Json).Id.ToString() == row.Id;
        }
        catch (JsonException)
        {
            return false; // Its bytes were overwritten.
        }
    }
}
