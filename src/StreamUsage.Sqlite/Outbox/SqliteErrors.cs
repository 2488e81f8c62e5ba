using Microsoft.Data.Sqlite;

namespace StreamUsage.Sqlite.Outbox;

/// <summary>Names SQLite's result codes: https://sqlite.org/rescode.html.</summary>
internal static class SqliteErrors
{
    public const int Corrupt = 11, NotADatabase = 26;

    /// <summary>Returns whether the file's contents are damaged.</summary>
    public static bool IsDamage(SqliteException fault) => fault.SqliteErrorCode is Corrupt or NotADatabase;
}
