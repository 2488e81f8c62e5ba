using System.Diagnostics;
using StreamUsage;

namespace PostgresSink;

/// <summary>Measures how many records a second the sink stores.</summary>
internal static class Rates
{
    public static async Task PrintAsync(PostgresUsageSink sink)
    {
        await MeasureAsync("a record a transaction", sink, records: 500, batch: 1);
        await MeasureAsync("batches of 100", sink, records: 20_000, batch: 100);
        await MeasureAsync("batches of 1,000", sink, records: 50_000, batch: 1_000);
    }

    private static async Task MeasureAsync(string name, PostgresUsageSink sink, int records, int batch)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < records; i += batch)
        {
            await sink.RecordBatchAsync([.. Enumerable.Range(0, batch).Select(static _ => Make())], CancellationToken.None);
        }

        Console.WriteLine($"{name,-24}{records / Stopwatch.GetElapsedTime(start).TotalSeconds,10:N0} records a second");
    }

    private static UsageRecord Make() => new()
    {
        Id = Guid.CreateVersion7(),
        StartedAt = DateTimeOffset.UtcNow,
        Context = new UsageContext { UserId = "rates", Model = "gpt-example" },
        BilledUsage = new TokenUsage { InputTokens = 7, OutputTokens = 1 },
    };
}
