using System.Globalization;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using StreamUsage.Sqlite;
using UsageReport;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
bool isCsv = args.Contains("--csv");
try
{
    switch (args.Where(static argument => argument != "--csv").ToArray())
    {
        case ["sums", var store]:
            await Reports.PrintSumsAsync(store, UsageGrouping.Day | UsageGrouping.Model | UsageGrouping.ApiKey, isCsv);
            return 0;
        case ["sums", var store, var by]:
            await Reports.PrintSumsAsync(store, Enum.Parse<UsageGrouping>(by, ignoreCase: true), isCsv);
            return 0;
        case ["failures", var store]:
            Reports.PrintRows(store, "status <> 'Completed'", isCsv);
            return 0;
        case ["anomalies", var store]:
            Reports.PrintRows(store, "anomalies <> 'None'", isCsv);
            return 0;
        case ["undelivered", var outbox]:
            Undelivered.Print(outbox, isCsv);
            return 0;
        case ["replay", var outbox, var store]:
            Console.WriteLine($"{await Undelivered.ReplayAsync(outbox, new SqliteUsageStore(store))} records were replayed into {store}");
            return 0;
    }
}
catch (Exception fault) when (fault is SqliteException or IOException or ArgumentException or JsonException)
{
    Console.Error.WriteLine(fault.Message);
    return 1;
}

Console.Error.WriteLine("""
    Usage: dotnet run --project samples/UsageReport -- COMMAND [--csv]

      sums STORE [GROUPS]       tokens and cost, by Day, Model and ApiKey or as given: Hour,Day,User,ApiKey,Model,Provider
      failures STORE            the records that did not complete
      anomalies STORE           the records with a doubt
      undelivered OUTBOX        the records in the outbox of a process that does not run, and its open responses
      replay OUTBOX STORE       writes the records into a store, and removes them from the outbox

    STORE is a file of AddSqliteStore, OUTBOX one of AddSqliteOutbox.
    """);
return 2;
