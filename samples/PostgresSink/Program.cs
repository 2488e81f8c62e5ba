using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using PostgresSink;
using StreamUsage;
using StreamUsage.Sqlite;

const int Streams = 10_000;
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

// Without a connection string, a server of the system's own binaries is started, and killed in the middle.
bool isRates = args is ["--rates", ..];
string? given = args.LastOrDefault(static argument => argument != "--rates");
await using TemporaryServer? server = given is null ? await TemporaryServer.StartAsync() : null;
if (given is null && server is null)
{
    Console.WriteLine(
        "PostgreSQL is not installed. Give a connection string: dotnet run --project samples/PostgresSink -- [--rates] \"Host=…\"");
    return 0;
}

await using NpgsqlDataSource database = NpgsqlDataSource.Create(server?.ConnectionString ?? given!);
var sink = new PostgresUsageSink(database);
await sink.CreateSchemaAsync();
if (isRates)
{
    await Rates.PrintAsync(sink);
    return 0;
}

string outbox = Directory.CreateTempSubdirectory("outbox").FullName;
var services = new ServiceCollection();
services.AddStreamUsage().AddSink(sink).AddSqliteOutbox(Path.Combine(outbox, "outbox.db"));
await using (ServiceProvider provider = services.BuildServiceProvider())
{
    UsageTracker tracker = provider.GetRequiredService<UsageTracker>();
    byte[] answer = Encoding.UTF8.GetBytes("""
        data: {"id":"c-1","model":"gpt-example","choices":[{"index":0,"delta":{"content":"Hello"},"finish_reason":"stop"}]}

        data: {"id":"c-1","model":"gpt-example","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":1,"total_tokens":8}}

        data: [DONE]


        """);
    string run = Guid.NewGuid().ToString("N");
    long start = Stopwatch.GetTimestamp();
    for (int i = 0; i < Streams; i++)
    {
        var context = new UsageContext { RequestId = $"{run}-{i}", UserId = $"{run}-{i % 5}" };
        await using Stream stream = tracker.Track(new MemoryStream(answer), context, out UsageTracking tracking);
        await stream.CopyToAsync(Stream.Null);
        if (i % 100 == 99)
        {
            await tracking.Completion; // A load that a machine can keep up with.
        }

        if (server is not null && i == Streams / 2)
        {
            await server.KillAsync();
            Console.WriteLine($"The server was killed after {i:N0} streams.");
        }

        if (server is not null && i == Streams * 3 / 4)
        {
            await server.StartAgainAsync();
            Console.WriteLine($"It was started again after {i:N0} streams.");
        }
    }

    await tracker.FlushAsync();
    double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
    await sink.RefreshSumsAsync();
    await using NpgsqlCommand count = database.CreateCommand("""
        SELECT user_id, model, records, input_tokens, output_tokens FROM usage_by_user_and_model
        WHERE starts_with(user_id, $1) ORDER BY user_id
        """);
    count.Parameters.AddWithValue(run);
    await using NpgsqlDataReader rows = await count.ExecuteReaderAsync();
    long arrived = 0;
    while (await rows.ReadAsync())
    {
        arrived += rows.GetInt64(2);
        Console.WriteLine($"user {rows.GetString(0)[^1]}, {rows.GetString(1)}: {rows.GetInt64(2):N0} records, "
            + $"{rows.GetDecimal(3):N0} input tokens, {rows.GetDecimal(4):N0} output tokens");
    }

    Console.WriteLine($"{arrived:N0} of {Streams:N0} records arrived, each once, in {seconds:F1} s.");
    if (arrived != Streams)
    {
        return 1;
    }
}

Directory.Delete(outbox, recursive: true);
return 0;
