using System.Text;
using Microsoft.Data.Sqlite;
using StreamUsage;

namespace Reprice;

/// <summary>Reads records back from where a sink has put them.</summary>
internal static class StoredRecords
{
    public const string DefaultQuery = "SELECT record FROM usage_record";

    public static IEnumerable<UsageRecord> Read(string path, string query) =>
        IsSqlite(path) ? ReadSqlite(path, query) : ReadJsonLines(path);

    // SQLite, Database File Format, section 1.3: the header string.
    private static bool IsSqlite(string path)
    {
        using FileStream file = File.OpenRead(path);
        byte[] start = new byte[16];
        return file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length
            && start.AsSpan().SequenceEqual("SQLite format 3\0"u8);
    }

    private static IEnumerable<UsageRecord> ReadJsonLines(string path) =>
        File.ReadLines(path).Where(line => line.Length != 0).Select(line => UsageRecordJson.Read(Encoding.UTF8.GetBytes(line)));

    private static IEnumerable<UsageRecord> ReadSqlite(string path, string query)
    {
        using var connection =
            new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadOnly }.ToString());
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // The person who runs this program writes the query.
        command.CommandText = query;
#pragma warning restore CA2100
        using SqliteDataReader row = command.ExecuteReader();
        while (row.Read())
        {
            if (row.IsDBNull(0))
            {
                throw new FormatException("A row of the query has no record: its first column is NULL.");
            }

            yield return UsageRecordJson.Read(row.GetFieldValue<byte[]>(0));
        }
    }
}
