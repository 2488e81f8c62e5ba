using Reprice;
using StreamUsage.Pricing;

string example = Path.Combine(AppContext.BaseDirectory, "Example");
switch (args)
{
    case []:
        return Run(Path.Combine(example, "records.jsonl"),
            Path.Combine(example, "old.json"), Path.Combine(example, "new.json"), StoredRecords.DefaultQuery);
    case [var records, var oldTable, var newTable]:
        return Run(records, oldTable, newTable, StoredRecords.DefaultQuery);
    case [var records, var oldTable, var newTable, "--query", var query]:
        return Run(records, oldTable, newTable, query);
    default:
        Console.Error.WriteLine($"""
            Usage: dotnet run --project samples/Reprice -- RECORDS OLD_TABLE NEW_TABLE [--query SQL]

            RECORDS is a file of JSON lines, or a SQLite database; the query's first column is a record's JSON,
            {StoredRecords.DefaultQuery} unless given. A table is genai-prices' or LiteLLM's. Without arguments an example runs.
            """);
        return 2;
}

static int Run(string records, string oldTable, string newTable, string query)
{
    try
    {
        var comparison = new PriceComparison(PriceTable.Load(oldTable), PriceTable.Load(newTable));
        foreach (var record in StoredRecords.Read(records, query))
        {
            comparison.Add(record);
        }

        comparison.Print(Console.Out);
        return 0;
    }
    catch (Exception fault) when (fault is IOException
        or FormatException or System.Text.Json.JsonException or Microsoft.Data.Sqlite.SqliteException)
    {
        Console.Error.WriteLine(fault.Message);
        return 1;
    }
}
