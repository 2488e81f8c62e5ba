using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using StreamUsage.Benchmarks.Workloads;
using StreamUsage.Sqlite;

namespace StreamUsage.Benchmarks.Streams;

/// <summary>What an outbox and a store take a second, beside a row a transaction by hand.</summary>
internal static class OutboxRates
{
    private const int Records = 40_000, ByHand = 2_000;

    private static readonly UsageContext Context =
        new() { RequestId = "benchmark", UserId = "ann", ApiKeyId = "key-1", Model = "claude-sonnet-4-5" };

    public static async Task<bool> RunAsync()
    {
        string folder = Directory.CreateTempSubdirectory("outbox").FullName;
        try
        {
            UsageRecord record = await MakeRecordAsync();
            Print("a row a transaction by hand", await ByHandAsync(Path.Combine(folder, "hand.db"), record), "records a second");
            Print("the store, in batches of 100", await StoreAsync(Path.Combine(folder, "store.db"), record), "records a second");
            double stored = 0;
            for (int round = 0; round < 3; round++)
            {
                (stored, double delivered, double cpu) = await OutboxAsync(Path.Combine(folder, $"outbox-{round}.db"));
                Print("the outbox: on disk", stored, "records a second");
                Print("  and delivered to a sink that does nothing", delivered, "records a second");
                Print("  CPU time of a record, tracking included", cpu, "us");
            }

            await CompareEventsAsync(Path.Combine(folder, "events.db"));
            return stored >= 20_000;
        }
        finally
        {
            SqliteConnection.ClearAllPools();
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Print(string name, double value, string unit) => Console.WriteLine($"{name,-50}{value,12:N0} {unit}");

    private static async Task<UsageRecord> MakeRecordAsync()
    {
        var sink = new CallbackUsageSink(static (_, _) => ValueTask.CompletedTask);
        await using var tracker = new UsageTracker(sink);
        Workload workload = ClaudeText.Create("claude", EnglishText.NextPhrase, 50);
        await using Stream stream = tracker.Track(new ScriptedStream(workload, ReadSize.All[^1]), Context, out UsageTracking tracking);
        await stream.CopyToAsync(Stream.Null);
        return await tracking.Completion;
    }

    private static async Task<double> ByHandAsync(string path, UsageRecord record)
    {
        var store = new SqliteUsageStore(path);
        await store.RecordAsync(record, CancellationToken.None);
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < ByHand; i++)
        {
            await store.RecordAsync(record with { Id = Guid.CreateVersion7() }, CancellationToken.None);
        }

        return ByHand / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static async Task<double> StoreAsync(string path, UsageRecord record)
    {
        var store = new SqliteUsageStore(path);
        await store.RecordAsync(record, CancellationToken.None);
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < Records; i += 100)
        {
            await store.RecordBatchAsync(
                [.. Enumerable.Range(0, 100).Select(_ => record with { Id = Guid.CreateVersion7() })], CancellationToken.None);
        }

        return Records / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    // A long stream is read in turn by a tracker with an outbox and by one without: the journal must not be felt.
    private static async Task CompareEventsAsync(string path)
    {
        const int Rounds = 20, Events = 100_000;
        var sink = new CallbackUsageSink(static (_, _) => ValueTask.CompletedTask);
        var services = new ServiceCollection();
        services.AddStreamUsage().AddSink(sink).AddSqliteOutbox(path);
        await using ServiceProvider provider = services.BuildServiceProvider();
        await using var plain = new UsageTracker(sink);
        UsageTracker[] trackers = [plain, provider.GetRequiredService<UsageTracker>()];
        Workload workload = ClaudeText.Create("claude", EnglishText.NextPhrase, Events);
        double[][] times = [new double[Rounds], new double[Rounds]];
        byte[] buffer = new byte[81_920];
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < trackers.Length; i++)
            {
                var body = new ScriptedStream(workload, ReadSize.All[0]);
                await using Stream stream = trackers[i].Track(body, Context, out _);
                long start = Stopwatch.GetTimestamp();
                while (stream.Read(buffer) != 0)
                {
                }

                times[i][round] = Stopwatch.GetElapsedTime(start).TotalNanoseconds / Events;
            }
        }

        Print("an event without an outbox", Lane.Median(times[0][5..]), "ns");
        Print("an event with one", Lane.Median(times[1][5..]), "ns");
    }

    private static async Task<(double Stored, double Delivered, double Cpu)> OutboxAsync(string path)
    {
        var services = new ServiceCollection();
        services.AddStreamUsage(static options => options.Capture = CapturedContent.None)
            .AddSink(new CallbackUsageSink(static (_, _) => ValueTask.CompletedTask)).AddSqliteOutbox(path);
        await using ServiceProvider provider = services.BuildServiceProvider();
        UsageTracker tracker = provider.GetRequiredService<UsageTracker>();
        Workload workload = ClaudeText.Create("claude", EnglishText.NextPhrase, 50);
        byte[] buffer = new byte[81_920];
        var body = new ScriptedStream(workload, ReadSize.All[^1]);
        var completions = new Task[Records];
        TimeSpan cpu = Process.GetCurrentProcess().TotalProcessorTime;
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < Records; i++)
        {
            body.Rewind();
            Stream stream = tracker.Track(body, Context, out UsageTracking tracking, new TrackedResponse { LeaveOpen = true });
            while (stream.Read(buffer) != 0)
            {
            }

            completions[i] = tracking.Delivery;
        }

        await Task.WhenAll(completions);
        double stored = Records / Stopwatch.GetElapsedTime(start).TotalSeconds;
        await tracker.FlushAsync();
        double delivered = Records / Stopwatch.GetElapsedTime(start).TotalSeconds;
        return (stored, delivered, (Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalMicroseconds / Records);
    }
}
