using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using StreamUsage.Sqlite;

namespace StreamUsage.Soak;

/// <summary>
/// SIGKILL at random moments of a process that tracks streams with an outbox: every record whose Completion was seen,
/// and every stream that had been open for a second, must be in the store, once.
/// </summary>
internal static class KillTest
{
    private const int Lanes = 50;

    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(60);

    /// <summary>Kills a child again and again, and then looks into the store.</summary>
    /// <param name="rounds">How often.</param>
    /// <param name="hasNeighbour">Whether a second process lives on in the same folder.</param>
    public static async Task<bool> RunAsync(int rounds, bool hasNeighbour)
    {
        string folder = Directory.CreateTempSubdirectory("kill").FullName;
        var random = new Random();
        var journal = new Journal();
        using Process? neighbour = hasNeighbour ? await StartAsync(folder, "neighbour") : null;
        for (int round = 0; round < rounds; round++)
        {
            using Process child = await StartAsync(folder, $"r{round}");
            await Task.Delay(random.Next(200, 4000));
            child.Kill();
            DateTimeOffset killed = DateTimeOffset.UtcNow;
            await child.WaitForExitAsync().WaitAsync(TimeLimit);
            journal.Read(Path.Combine(folder, $"r{round}.log"), killed);
        }

        if (neighbour is not null)
        {
            neighbour.StandardInput.Close(); // Ends it in good order.
            await neighbour.WaitForExitAsync().WaitAsync(TimeLimit);
            journal.Read(Path.Combine(folder, "neighbour.log"), DateTimeOffset.UtcNow);
        }

        using (Process last = await StartAsync(folder, "last"))
        {
            last.StandardInput.Close();
            await last.WaitForExitAsync().WaitAsync(TimeLimit);
            journal.Read(Path.Combine(folder, "last.log"), DateTimeOffset.UtcNow);
        }

        bool isGood = await journal.JudgeAsync(Path.Combine(folder, "usage.db"), rounds, hasNeighbour);
        if (isGood)
        {
            Directory.Delete(folder, recursive: true);
        }

        return isGood;
    }

    /// <summary>The child: reads streams from a server of its own until its input is closed, and writes down what it
    /// saw.</summary>
    public static async Task ServeAsync(string folder, string name)
    {
        await using var log = new FileStream(
            Path.Combine(folder, name + ".log"), FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddConsole().SetMinimumLevel(LogLevel.Error);
        builder.Services.AddStreamUsage()
            .AddSqliteOutbox(Path.Combine(folder, "outbox.db"), outbox => outbox.AdoptionInterval = TimeSpan.FromSeconds(1))
            .AddSqliteStore(Path.Combine(folder, "usage.db"));
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication server = builder.Build();
        server.MapGet("/", StreamAsync);
        await server.StartAsync();
        UsageTracker tracker = server.Services.GetRequiredService<UsageTracker>();
        using var client = new HttpClient { BaseAddress = new Uri(server.Urls.First()) };
        using var stop = new CancellationTokenSource();
        Task lanes = Task.WhenAll(Enumerable.Range(0, Lanes).Select(LaneAsync));
        Console.WriteLine("open");
        await Task.Run(Console.In.ReadToEnd);
        stop.Cancel();
        await lanes;
        await tracker.FlushAsync().WaitAsync(TimeLimit);
        await server.StopAsync();

        async Task LaneAsync(int lane)
        {
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                string id = $"{name}-{lane}-{i}";
                using HttpResponseMessage response = await client.GetAsync(
                    $"/?pause={(lane % 2 == 0 ? 2 : 400)}", HttpCompletionOption.ResponseHeadersRead);
                UsageTracking tracking = response.TrackUsage(tracker, new UsageContext { RequestId = id });
                Write($"begun {id} {DateTimeOffset.UtcNow:O}");
                await response.Content.ReadAsByteArrayAsync();
                await tracking.Completion;
                Write($"completed {id}");
            }
        }

        void Write(string line)
        {
            lock (log)
            {
                log.Write(System.Text.Encoding.ASCII.GetBytes(line + "\n"));
            }
        }
    }

    private static async Task StreamAsync(HttpContext context)
    {
        int pause = int.Parse(context.Request.Query["pause"]!, CultureInfo.InvariantCulture);
        context.Response.ContentType = "text/event-stream";
        const string Message =
            "\"message\":{\"id\":\"msg_1\",\"model\":\"claude-sonnet-4-5\",\"usage\":{\"input_tokens\":25,\"output_tokens\":1}}";
        await WriteAsync("message_start", Message);
        for (int i = 0; i < 10; i++)
        {
            await Task.Delay(pause);
            await WriteAsync("content_block_delta", "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"ten letters\"}");
        }

        await WriteAsync("message_delta", "\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":15}");
        await WriteAsync("message_stop", "\"x\":0");

        async Task WriteAsync(string type, string rest)
        {
            await context.Response.WriteAsync($$"""
                event: {{type}}
                data: {"type":"{{type}}",{{rest}}}


                """);
            await context.Response.Body.FlushAsync();
        }
    }

    private static async Task<Process> StartAsync(string folder, string name)
    {
        Process child = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["--kill-child", folder, name])
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        })!;
        while (await child.StandardOutput.ReadLineAsync().WaitAsync(TimeLimit) is { } line && line != "open")
        {
            Console.WriteLine(line);
        }

        _ = child.StandardOutput.ReadToEndAsync();
        return child;
    }

    /// <summary>What the children wrote down.</summary>
    private sealed class Journal
    {
        private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

        private readonly HashSet<string> _completed = [], _mustBeThere = [];

        public void Read(string file, DateTimeOffset killed)
        {
            foreach (string[] words in File.ReadLines(file).Select(line => line.Split(' ')))
            {
                if (words[0] == "completed")
                {
                    _completed.Add(words[1]);
                }
                else if (words.Length == 3 && killed - DateTimeOffset.Parse(words[2], CultureInfo.InvariantCulture) > Second)
                {
                    _mustBeThere.Add(words[1]);
                }
            }
        }

        public async Task<bool> JudgeAsync(string store, int rounds, bool hasNeighbour)
        {
            List<UsageRecord> records = await ReadStoreAsync(store);
            ILookup<string, UsageRecord> byRequest = records.ToLookup(record => record.Context.RequestId!);
            int lost = _completed.Count(id => byRequest[id].All(record => record.Outcome != StreamOutcome.Completed));
            int missing = _mustBeThere.Count(id => !byRequest[id].Any());
            int doubled = byRequest.Count(group => group.Count() > 1);
            int interrupted = records.Count(record => record.ErrorType == "process_ended");
            int wrong = records.Count(record => record.ErrorType == "process_ended"
                ? record is not { Outcome: StreamOutcome.Interrupted, Usage.InputTokens: 0 or 25 }
                : record is not { Outcome: StreamOutcome.Completed, Usage: { InputTokens: 25, OutputTokens: 15 } });
            bool isGood = lost == 0 && missing == 0 && doubled == 0 && wrong == 0 && interrupted > 0;
            Console.WriteLine(
                $"{(isGood ? "passed" : "FAILED")}: SIGKILL {rounds} times{(hasNeighbour ? " beside a second process" : "")}: "
                + $"{records.Count} records, {_completed.Count} seen completed, {lost} of them lost; "
                + $"{_mustBeThere.Count} streams open for a second, {missing} of them missing; "
                + $"{interrupted} interrupted; {doubled} doubled; {wrong} wrong");
            return isGood;
        }

        private static async Task<List<UsageRecord>> ReadStoreAsync(string path)
        {
            var records = new List<UsageRecord>();
            await using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={path};Mode=ReadOnly");
            await connection.OpenAsync();
            await using Microsoft.Data.Sqlite.SqliteCommand command = connection.CreateCommand();
            command.CommandText = "SELECT record FROM usage_record";
            await using Microsoft.Data.Sqlite.SqliteDataReader reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                records.Add(UsageRecordJson.Read(System.Text.Encoding.UTF8.GetBytes(reader.GetString(0))));
            }

            return records;
        }
    }
}
