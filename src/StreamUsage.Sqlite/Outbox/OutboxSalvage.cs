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
                    if (Row(reader) is { } row)
                    {
                        rows.TryAdd(row.Position, row);
                    }
                }
            }
            catch (Exception fault) when (fault is SqliteException or InvalidCastException or InvalidOperationException or IOException)
            {
                // The damage begins here.
            }
        }

        return [.. rows.Values];
    }

    private static OutboxRow? Row(SqliteDataReader reader)
    {
        try
        {
            var row = new OutboxRow(
                reader.GetInt64(0), reader.GetString(1), reader.GetInt32(2), reader.GetString(3),
                reader.IsDBNull(4) ? null : reader.GetString(4), (byte[])reader.GetValue(5));
            return UsageRecordJson.Read(row.Json).Id.ToString() == row.Id ? row : null;
        }
        catch (Exception fault) when (fault is System.Text.Json.JsonException or InvalidCastException or FormatException)
        {
            return null; // A row whose bytes were overwritten.
        }
    }
}
