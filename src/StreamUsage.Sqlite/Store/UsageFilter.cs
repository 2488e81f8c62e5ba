using Microsoft.Data.Sqlite;

namespace StreamUsage.Sqlite;

/// <summary>Writes the condition of a query.</summary>
internal static class UsageFilter
{
    /// <summary>Returns the WHERE clause of a query, and adds its parameters to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="query">The query.</param>
    /// <param name="page">A further condition; null for none.</param>
    /// <returns>The clause; empty if the query has no condition.</returns>
    public static string Where(SqliteCommand command, UsageQuery query, string? page = null)
    {
        var terms = new List<string>();
        Add("started_at >= $from", "$from", query.From is { } from ? UsageRow.Time(from) : null);
        Add("started_at < $to", "$to", query.To is { } to ? UsageRow.Time(to) : null);
        AddName("user_id", query.UserId);
        AddName("api_key_id", query.ApiKeyId);
        AddName("model", query.Model);
        AddName("provider", query.Provider);
        Add("status = $status", "$status", query.Status?.ToString());
        if (page is not null)
        {
            terms.Add(page);
        }

        return terms.Count == 0 ? "" : "WHERE " + string.Join(" AND ", terms);

        void AddName(string column, string? value)
        {
            if (value is { Length: 0 })
            {
                terms.Add($"({column} IS NULL OR {column} = '')");
            }
            else
            {
                Add($"{column} = ${column}", "$" + column, value);
            }
        }

        void Add(string term, string name, string? value)
        {
            if (value is not null)
            {
                terms.Add(term);
                command.Parameters.AddWithValue(name, value);
            }
        }
    }
}
