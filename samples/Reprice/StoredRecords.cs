using System.Text;
using Microsoft.Data.Sqlite;
using StreamUsage;

namespace Reprice;

/// <summary>Reads records back from where a sink has put them.</summary>
internal static class StoredRecords
{
    public const string DefaultQuery = "SELECT record FROM usage_record";

    public static IEnumerable<UsageRecord> Read(string path, string query) =>
        Path.GetExtension(path) is ".db" or ".sqlite" ? ReadSqlite(path, query) : ReadJsonLines(path);

    private static IEnumerable<UsageRecord> ReadJsonLines(string path) =>
        File.ReadLines(path).Where(line => line.Length != 0).Select(line => UsageRecordJson.Read(Encoding.UTF8.GetBytes(line)));

    private static IEnumerable<UsageRecord> ReadSqlite(string path, string query)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadOnly }.ToString());
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // The query is the argument of whoever runs this program.
        command.CommandText = query;
#pragma warning restore CA2100
        using SqliteDataReader row = command.ExecuteReader();
        while (row.Read())
        {
            yield return UsageRecordJson.Read(row.GetFieldValue<byte[]>(0));
        }
    }
}
