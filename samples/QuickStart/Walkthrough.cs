using Microsoft.Data.Sqlite;
using StreamUsage;
using StreamUsage.Accounting;
using StreamUsage.Pricing;

namespace QuickStart;

/// <summary>Five answers of a provider, from the bytes to a table of usage records, each checked against what was
/// sent.</summary>
internal static class Walkthrough
{
    private static readonly (Answer Answer, StoredRecord Expected)[] Cases =
    [
        (new Answer("claude", ApiFormat.Claude, Fixture("claude.sse")),
            new StoredRecord
            {
                Protocol = "anthropic-messages",
                Model = "claude-example-1",
                Input = 24,
                CacheRead = 1800,
                CacheCreation = 410,
                Output = 31,
                Cost = 0.0026145m,
            }),

        // OpenAI's input counts include what was read from the cache: 1,450 of which 1,280, and 720 of which 512.
        (new Answer("chat", ApiFormat.OpenAI, Fixture("chat.sse")),
            new StoredRecord
            {
                Protocol = "openai-chat",
                Model = "gpt-example-1",
                Input = 170,
                CacheRead = 1280,
                Output = 86,
                Cost = 0.0012325m,
            }),
        (new Answer("responses", ApiFormat.OpenAI, Fixture("responses.sse")),
            new StoredRecord
            {
                Protocol = "openai-responses",
                Model = "gpt-example-2",
                Input = 208,
                CacheRead = 512,
                Output = 143,
                Cost = 0.0003508m,
            }),

        // The input was reported at the start; the output is estimated from the 62 characters that came: 13 tokens of
        // o200k_base, 1.374 of Claude's for each, and 3.7 around them.
        (new Answer("cut", ApiFormat.Claude, Fixture("cut.sse")) { BreaksOff = true },
            new StoredRecord
            {
                Protocol = "anthropic-messages",
                Model = "claude-example-1", Input = 96, Output = 22, OutputSource = TokenSource.Estimated, Cost = 0.000618m,
                Status = UsageStatus.Failed, Outcome = StreamOutcome.Interrupted, StatusCode = 502,
            }),
        (new Answer("error-page", ApiFormat.OpenAI, Fixture("bad-gateway.html")) { StatusCode = 502, ContentType = "text/html" },
            new StoredRecord
            {
                InputSource = TokenSource.None, OutputSource = TokenSource.None,
                Status = UsageStatus.Failed, Outcome = StreamOutcome.ProviderError, StatusCode = 502,
            }),
    ];

    /// <param name="keptDatabase">A new file for the records; null for one that is deleted at the end.</param>
    /// <returns>Whether every byte and every record was as expected.</returns>
    public static async Task<bool> RunAsync(string? keptDatabase = null)
    {
        string database = keptDatabase ?? Path.Combine(Path.GetTempPath(), $"quickstart-{Guid.NewGuid():N}.db");
        string connectionString = new SqliteConnectionStringBuilder { DataSource = database }.ToString();
        try
        {
            var sink = new SqliteUsageSink(connectionString);
            await sink.CreateTableAsync();
            var options = new StreamUsageOptions { Pricing = PriceTable.Load(Path.Combine(AppContext.BaseDirectory, "prices.json")) };

            bool allSame = true;
            await using (ReplayProvider provider =
                await ReplayProvider.StartAsync([.. Cases.Select(c => c.Answer)], largestChunk: 120, longestPause: 20))
            await using (var tracker = new UsageTracker(sink, options))
            using (var http = new HttpClient { BaseAddress = provider.Address })
            {
                var console = new ConsoleCopy();
                foreach ((Answer answer, _) in Cases)
                {
                    Exchange exchange = await Exchange.RunAsync(http, answer, tracker, console);
                    allSame &= Check(exchange.SameBytes, answer.Name, "the bytes that came are not the bytes that were sent");
                    allSame &= Check(exchange.Delivery == DeliveryResult.Delivered, answer.Name, "the sink did not take the record");
                }
            }

            IReadOnlyList<StoredRecord> records = await StoredRecord.ReadAllAsync(connectionString);
            Console.WriteLine();
            RecordTable.Print(records);
            Console.WriteLine();

            allSame &= Check(records.Count == Cases.Length,
                "records", $"{records.Count} were stored, one for each of {Cases.Length} responses was expected");
            foreach ((Answer answer, StoredRecord expected) in Cases)
            {
                StoredRecord? found = records.FirstOrDefault(record => record.RequestId == answer.Name);
                StoredRecord wanted = expected with { RequestId = answer.Name, Milliseconds = found?.Milliseconds ?? 0 };
                allSame &= Check(found == wanted, answer.Name, $"expected {wanted}{Environment.NewLine}  found {found}");
            }

            Console.WriteLine(
                allSame ? $"All {Cases.Length} as expected: the bytes as they were sent, and one exact record each." : "Not as expected.");
            return allSame;
        }
        finally
        {
            SqliteConnection.ClearAllPools();
            if (keptDatabase is null)
            {
                File.Delete(database);
            }
        }
    }

    private static bool Check(bool holds, string name, string fault)
    {
        if (!holds)
        {
            Console.WriteLine($"{name}: {fault}");
        }

        return holds;
    }

    private static byte[] Fixture(string name) => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Fixtures", name));
}
