using System.Diagnostics;
using System.Globalization;
using System.Text;
using StreamUsage.Pricing;

namespace StreamUsage.Benchmarks.Pricing;

/// <summary>What it takes to price a record by a table of 1,500 models, and to read such a table.</summary>
internal static class PricingCost
{
    private const int Models = 1500, Calls = 200_000, Rounds = 5;

    public static void Run()
    {
        foreach ((string format, string json) in new[] { ("genai-prices", GenAiPrices()), ("LiteLLM", LiteLlmPrices()) })
        {
            byte[] utf8 = Encoding.UTF8.GetBytes(json);
            PriceTable table = PriceTable.Parse(utf8);
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < Rounds; i++)
            {
                table = PriceTable.Parse(utf8);
            }

            Console.WriteLine(
                $"{format}: {utf8.Length / 1024} KiB read in {Stopwatch.GetElapsedTime(start).TotalMilliseconds / Rounds:F1} ms");
            foreach ((string name, UsageRecord record) in Records())
            {
                (double ns, double bytes) = Measure(table, record);
                Console.WriteLine($"  {name,-34}{ns,8:F0} ns{bytes,8:F0} B a record");
            }
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        var cost = new UsageCost { PricedAs = "a" };
        Console.WriteLine($"A cost object alone: {GC.GetAllocatedBytesForCurrentThread() - before} B");
        GC.KeepAlive(cost);
    }

    private static (double Nanoseconds, double Bytes) Measure(PriceTable table, UsageRecord record)
    {
        double best = double.MaxValue, bytes = 0;
        for (int round = 0; round < Rounds; round++)
        {
            long allocated = GC.GetAllocatedBytesForCurrentThread(), start = Stopwatch.GetTimestamp();
            for (int i = 0; i < Calls; i++)
            {
                GC.KeepAlive(table.Price(record) ?? throw new WrongAnswerException($"{record.ResponseModel} has no price"));
            }

            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalNanoseconds / Calls);
            bytes = (GC.GetAllocatedBytesForCurrentThread() - allocated) / (double)Calls;
        }

        return (best, bytes);
    }

    private static IEnumerable<(string Name, UsageRecord Record)> Records()
    {
        UsageRecord plain = Record("model-700", new TokenUsage { InputTokens = 1234, OutputTokens = 567 });
        yield return ("input and output", plain);
        yield return ("every bucket", Record("model-701", new TokenUsage
        {
            InputTokens = 300_000,
            CacheReadInputTokens = 5000,
            CacheCreationInputTokens = 600,
            CacheCreation5mInputTokens = 400,
            CacheCreation1hInputTokens = 200,
            OutputTokens = 567,
            ReasoningTokens = 300,
        }));
        yield return ("a name with a date", plain with { ResponseModel = "model-700-20260101" });
        yield return ("tools", plain with { ServerToolUse = new Dictionary<string, long> { ["web_search_requests"] = 3 } });
        yield return ("read back from JSON", UsageRecordJson.Read(UsageRecordJson.ToUtf8Bytes(plain)));
    }

    private static UsageRecord Record(string model, TokenUsage usage) => new()
    {
        Context = new UsageContext { Provider = "acme" },
        Protocol = "openai-chat",
        ResponseModel = model,
        Usage = usage,
        BilledUsage = usage,
        StartedAt = new DateTimeOffset(2026, 8, 21, 0, 0, 0, TimeSpan.Zero),
    };

    private static string GenAiPrices()
    {
        IEnumerable<string> models = Enumerable.Range(0, Models).Select(i => string.Create(CultureInfo.InvariantCulture, $$"""
            {"id":"model-{{i}}","match":{"or":[{"equals":"model-{{i}}"},{"starts_with":"model-{{i}}-preview"}]},
            "prices":{"input_mtok":{"base":{{1 + (i / 100m)}},"tiers":[{"start":200000,"price":{{2 + (i / 50m)}} }]},
            "cache_read_mtok":{{i / 1000m}},"cache_write_mtok":{{i / 80m}},"cache_write_1h_mtok":{{i / 50m}},"output_mtok":{{i / 10m}},
            "web_searches_kcount":10} }
            """));
        return $$"""[{"id":"acme","models":[{{string.Join(',', models)}}]}]""";
    }

    private static string LiteLlmPrices()
    {
        IEnumerable<string> models = Enumerable.Range(0, Models).Select(i => string.Create(CultureInfo.InvariantCulture, $$"""
            "model-{{i}}":{"litellm_provider":"acme","mode":"chat","input_cost_per_token":{{100 + i}}e-08,
            "input_cost_per_token_above_200k_tokens":{{200 + (2 * i)}}e-08,
            "cache_read_input_token_cost":{{i}}e-09,"cache_creation_input_token_cost":{{i}}e-08,
            "cache_creation_input_token_cost_above_1hr":{{2 * i}}e-08,"output_cost_per_token":{{i}}e-07,
            "input_cost_per_token_flex":{{50 + i}}e-08,"output_cost_per_token_flex":{{i}}e-08,
            "search_context_cost_per_query":{"search_context_size_medium":0.01} }
            """));
        return $$"""{ {{string.Join(',', models)}} }""";
    }
}
