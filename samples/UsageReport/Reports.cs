using System.Globalization;
using Microsoft.Data.Sqlite;
using StreamUsage;
using StreamUsage.Sqlite;

namespace UsageReport;

/// <summary>Prints the sums and the rows of a store.</summary>
internal static class Reports
{
    public static async Task PrintSumsAsync(string store, UsageGrouping by, bool isCsv)
    {
        MustExist(store);
        var table = new Table("period", "user", "key", "model", "provider", "records", "failed", "estimated",
            "input", "cache read", "cache creation", "output", "cost", "unpriced");
        foreach (UsageSum sum in await new SqliteUsageStore(store).SumAsync(new UsageQuery { GroupBy = by }))
        {
            TokenUsage usage = sum.BilledUsage;
            table.Add(
                sum.Period?.ToString(by.HasFlag(UsageGrouping.Hour) ? "yyyy-MM-dd HH:00" : "yyyy-MM-dd", CultureInfo.InvariantCulture),
                sum.UserId, sum.ApiKeyId, sum.Model, sum.Provider, sum.Records, sum.FailedRecords, sum.EstimatedRecords,
                usage.InputTokens, usage.CacheReadInputTokens, usage.CacheCreationInputTokens, usage.OutputTokens,
                sum.Cost, sum.UnpricedRecords);
        }

        table.Print(Console.Out, isCsv);
    }

    public static void PrintRows(string store, string where, bool isCsv)
    {
        MustExist(store);
        string[] columns = ["started_at", "id", "request_id", "model", "outcome", "status_code", "error_type", "anomalies", "input_tokens",
            "output_tokens", "cost"];
        var table = new Table(columns);
        using var connection = new SqliteConnection($"Data Source={store};Mode=ReadOnly");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = $"SELECT {string.Join(", ", columns)} FROM usage_record WHERE {where} ORDER BY started_at";
        using SqliteDataReader reader = command.ExecuteReader();
        while (reader.Read())
        {
            table.Add([.. columns.Select((_, i) => reader.IsDBNull(i) ? null : reader.GetValue(i))]);
        }

        table.Print(Console.Out, isCsv);
    }

    public static void MustExist(string file)
    {
        if (!File.Exists(file))
        {
            throw new FileNotFoundException($"There is no file {file}.", file);
        }
    }
}
