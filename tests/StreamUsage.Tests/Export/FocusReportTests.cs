using System.Globalization;
using System.Text.RegularExpressions;
using StreamUsage.Export;
using StreamUsage.Pricing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Export;

/// <summary>The CSV of FOCUS 1.2, checked by the column rules of the specification.</summary>
public sealed partial class FocusReportTests
{
    // FOCUS 1.2, columns: those that every dataset has, and of these the ones that may be null.
    private static readonly string[] Mandatory =
    [
        "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart",
        "ChargeCategory", "ChargeClass", "ChargeDescription",
        "ChargePeriodEnd", "ChargePeriodStart", "ContractedCost", "EffectiveCost", "InvoiceIssuerName", "ListCost", "PricingQuantity",
        "PricingUnit", "ProviderName", "PublisherName",
        "ServiceCategory", "ServiceName",
    ];

    private static readonly string[] Nullable = ["BillingAccountName", "ChargeClass", "RegionId", "RegionName", "SubAccountId",
        "SubAccountName", "x_ApiKeyId", "x_PriceTableVersion"];

    private static readonly string[] Numbers = ["BilledCost", "ConsumedQuantity", "ContractedCost", "ContractedUnitPrice", "EffectiveCost",
        "ListCost", "ListUnitPrice", "PricingQuantity", "x_ResponseCount"];

    private static readonly PriceTable Table = PriceTables.Parse(
        """
        [{"id":"anthropic","models":[{"id":"sonnet","match":{"contains":"sonnet"},"prices":{"input_mtok":3,"cache_read_mtok":0.3,
        "cache_write_mtok":3.75,"output_mtok":15,"web_searches_kcount":10}},
        {"id":"opus","match":{"contains":"opus"},"prices":{"input_mtok":5,"output_mtok":25}}]},
        {"id":"openai","models":[{"id":"whisper","prices":{"input_audio_minutes":0.006}}]}]
        """,
        new PriceTableOptions { Multiplier = record => record.Context.UserId == "partner" ? 0.9m : 1, Version = "7, \"June\"" });

    [Fact]
    public void Every_row_obeys_the_column_rules_of_the_specification()
    {
        List<Dictionary<string, string>> rows = Read(Report(Records()), out string[] header);

        header.Should().Contain(Mandatory).And.OnlyHaveUniqueItems();
        header.SkipWhile(name => !name.StartsWith("x_", StringComparison.Ordinal))
            .Should().OnlyContain(name => name.StartsWith("x_", StringComparison.Ordinal), "custom columns come last");
        rows.Should().NotBeEmpty();
        foreach (Dictionary<string, string> row in rows)
        {
            row.Where(field => field.Value.Length == 0).Select(field => field.Key).Should().BeSubsetOf(Nullable);
            Numbers.Should().OnlyContain(name => NumericFormat().IsMatch(row[name]));
            row["BillingCurrency"].Should().MatchRegex("^[A-Z]{3}$");
            (row["ChargeCategory"], row["ChargeFrequency"], row["ServiceCategory"], row["ServiceSubcategory"])
                .Should().Be(("Usage", "Usage-Based", "AI and Machine Learning", "Generative AI"));
            row["PricingCategory"].Should().BeOneOf("Standard", "Dynamic", "Committed", "Other");
            row["PricingUnit"].Should().MatchRegex("^[A-Z][a-z]+s$").And.Be(row["ConsumedUnit"]);
            (Number(row, "PricingQuantity") * Number(row, "ListUnitPrice")).Should().Be(Number(row, "ListCost"));
            (Number(row, "PricingQuantity") * Number(row, "ContractedUnitPrice")).Should().Be(Number(row, "ContractedCost"));
            (Time(row, "ChargePeriodEnd") - Time(row, "ChargePeriodStart")).Should().Be(TimeSpan.FromHours(1));
            Time(row, "ChargePeriodStart").Should().BeOnOrAfter(Time(row, "BillingPeriodStart"));
            Time(row, "ChargePeriodEnd").Should().BeOnOrBefore(Time(row, "BillingPeriodEnd"));
            Time(row, "BillingPeriodStart").AddMonths(1).Should().Be(Time(row, "BillingPeriodEnd"));
            (row["RegionId"].Length == 0).Should().Be(row["RegionName"].Length == 0);
            row["Tags"].Should().StartWith("{").And.EndWith("}");
        }

        rows.Select(row => (row["SkuPriceId"], row["SkuId"])).Distinct().GroupBy(sku => sku.Item1)
            .Should().OnlyContain(sku => sku.Count() == 1, "a price has one SKU");
    }

    [Fact]
    public void The_rows_sum_up_to_the_costs_of_the_records()
    {
        UsageRecord[] records = [.. Records()];

        List<Dictionary<string, string>> rows = Read(Report(records), out _);

        rows.Sum(row => Number(row, "BilledCost")).Should().Be(records.Sum(record => record.Cost?.Total ?? 0));
    }

    [Fact]
    public void A_row_is_an_hour_of_a_key_a_model_and_a_bucket()
    {
        UsageRecord one = Priced("sonnet", new TokenUsage { InputTokens = 1000, OutputTokens = 100 }, "key-1", minute: 5);
        UsageRecord two = Priced("sonnet", new TokenUsage { InputTokens = 500 }, "key-1", minute: 59);
        UsageRecord next = Priced("sonnet", new TokenUsage { InputTokens = 1 }, "key-1", minute: 60);
        UsageRecord other = Priced("sonnet", new TokenUsage { InputTokens = 2 }, "key-2", minute: 5);

        List<Dictionary<string, string>> rows = Read(Report([one, two, next, other]), out _);

        rows.Select(row => (row["ChargePeriodStart"], row["x_ApiKeyId"], row["SkuId"], row["SkuMeter"], row["PricingQuantity"],
            row["BilledCost"], row["x_ResponseCount"])).Should().Equal(
                ("2026-08-21T12:00:00Z", "key-1", "anthropic/sonnet", "input", "1500", "0.004500", "2"),
                ("2026-08-21T12:00:00Z", "key-1", "anthropic/sonnet", "output", "100", "0.001500", "1"),
                ("2026-08-21T12:00:00Z", "key-2", "anthropic/sonnet", "input", "2", "0.000006", "1"),
                ("2026-08-21T13:00:00Z", "key-1", "anthropic/sonnet", "input", "1", "0.000003", "1"));
    }

    [Fact]
    public void A_discount_shows_in_the_contracted_price_and_not_in_the_list_price()
    {
        UsageRecord record = Priced("sonnet", new TokenUsage { InputTokens = 1000 }, "key-1", user: "partner");

        Dictionary<string, string> row = Read(Report([record]), out _).Should().ContainSingle().Which;

        (Number(row, "ListCost"), Number(row, "ContractedCost"), Number(row, "EffectiveCost"), Number(row, "BilledCost"))
            .Should().Be((0.003m, 0.0027m, 0.0027m, 0.0027m));
    }

    [Fact]
    public void Iterations_are_filed_under_their_own_models()
    {
        UsageRecord record = Price(new UsageRecord
        {
            Protocol = "anthropic-messages",
            ResponseModel = "sonnet",
            StartedAt = PriceTables.Noon,
            Iterations = [new UsageIteration { Type = "message", Usage = new TokenUsage { InputTokens = 10 } },
                new UsageIteration { Type = "advisor_message", Model = "opus", Usage = new TokenUsage { InputTokens = 20 } }],
        });

        Read(Report([record]), out _).Select(row => (row["SkuId"], row["PricingQuantity"]))
            .Should().Equal(("anthropic/opus", "20"), ("anthropic/sonnet", "10"));
    }

    [Fact]
    public void A_response_of_several_iterations_is_counted_once()
    {
        UsageIteration iteration = new() { Type = "message", Usage = new TokenUsage { InputTokens = 10 } };
        UsageRecord record = Price(new UsageRecord
        {
            Protocol = "anthropic-messages",
            ResponseModel = "sonnet",
            StartedAt = PriceTables.Noon,
            Iterations = [iteration, iteration],
        });

        Read(Report([record, record]), out _).Select(row => (row["PricingQuantity"], row["x_ResponseCount"])).Should().Equal(("40", "2"));
    }

    [Fact]
    public void A_cost_that_names_no_rates_is_one_row()
    {
        UsageRecord record = new()
        {
            Protocol = "openai-chat",
            ResponseModel = "m",
            StartedAt = PriceTables.Noon,
            Cost = new UsageCost { Total = 0.25m, Input = 0.25m },
            Usage = new TokenUsage { InputTokens = 5 },
        };

        Dictionary<string, string> row = Read(Report([record]), out _).Should().ContainSingle().Which;

        (row["SkuMeter"], row["PricingQuantity"], row["PricingUnit"], row["BilledCost"]).Should().Be(("response", "1", "Requests", "0.25"));
    }

    [Fact]
    public void A_sub_account_that_cannot_be_named_leaves_the_whole_record_out()
    {
        int calls = 0;
        var report = new FocusReport(
            new FocusOptions { SubAccountId = _ => calls++ == 0 ? "team" : throw new InvalidOperationException() });
        UsageRecord record = Priced("sonnet", new TokenUsage { InputTokens = 1, OutputTokens = 1 }, null);

        report.Add(record).Should().BeTrue();
        report.Invoking(target => target.Add(record)).Should().Throw<InvalidOperationException>();

        report.RowCount.Should().Be(2, "the input and the output of the first record");
    }

    [Fact]
    public void Records_without_a_cost_are_counted_and_left_out()
    {
        var report = new FocusReport();

        report.Add(new UsageRecord()).Should().BeFalse();
        report.Add(Priced("sonnet", new TokenUsage { InputTokens = 1 }, null)).Should().BeTrue();

        (report.UnpricedRecords, report.RowCount).Should().Be((1, 1));
    }

    private static IEnumerable<UsageRecord> Records() =>
    [
        Priced(
            "sonnet", new TokenUsage { InputTokens = 1000, CacheReadInputTokens = 70, CacheCreationInputTokens = 30, OutputTokens = 100 },
            "key, with \"quotes\""),
        Priced("sonnet", new TokenUsage { InputTokens = 333, OutputTokens = 77 }, null, user: "partner"),
        Priced("opus", new TokenUsage { InputTokens = 10 }, "key-2") with { OutputSource = TokenSource.Estimated, InferenceGeo = "eu" },
        Price(Priced("sonnet", new TokenUsage { InputTokens = 5 },
            "key-2") with { ServerToolUse = new Dictionary<string, long> { ["web_search_requests"] = 3 } }),
        Price(new UsageRecord
        {
            Protocol = "openai-audio",
            ResponseModel = "whisper",
            StartedAt = PriceTables.Noon,
            BilledUnits = new Dictionary<string, decimal> { ["audio_seconds"] = 90.5m },
        }),
        new UsageRecord(),
    ];

    private static UsageRecord Priced(string model, TokenUsage usage, string? key, string? user = null, int minute = 0) =>
        Price(new UsageRecord
        {
            Context = new UsageContext
            {
                ApiKeyId = key,
                UserId = user,
                Tags = new Dictionary<string, string> { ["team"] = "\"red\", blue", ["other"] = "x" },
            },
            Protocol = "anthropic-messages",
            ResponseModel = model,
            Usage = usage,
            BilledUsage = usage,
            StartedAt = PriceTables.Noon.AddMinutes(minute),
        });

    private static UsageRecord Price(UsageRecord record) =>
        record with { Cost = Table.Price(record) ?? throw new InvalidOperationException(Table.Evaluate(record).UnpricedReason) };

    private static string Report(IEnumerable<UsageRecord> records)
    {
        var report = new FocusReport(new FocusOptions { BillingAccountId = "account-1", TagNames = ["team"] });
        foreach (UsageRecord record in records)
        {
            report.Add(record);
        }

        var csv = new StringWriter();
        report.WriteCsv(csv);
        return csv.ToString();
    }

    private static List<Dictionary<string, string>> Read(string csv, out string[] header)
    {
        string[][] lines = [.. csv.Split("\r\n", StringSplitOptions.RemoveEmptyEntries)
            .Select(line => CsvField().Matches(line).Select(match => match.Groups["quoted"].Success
                ? match.Groups["quoted"].Value.Replace("\"\"", "\"", StringComparison.Ordinal) : match.Groups["plain"].Value).ToArray())];
        string[] names = lines[0];
        header = names;
        return [.. lines.Skip(1).Select(line => names.Zip(line).ToDictionary(field => field.First, field => field.Second))];
    }

    private static decimal Number(Dictionary<string, string> row, string name) => decimal.Parse(row[name], CultureInfo.InvariantCulture);

    private static DateTimeOffset Time(Dictionary<string, string> row, string name) =>
        DateTimeOffset.ParseExact(row[name], "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    [GeneratedRegex(@"^-?\d+(\.\d+)?$")]
    private static partial Regex NumericFormat();

    [GeneratedRegex("(?:^|,)(?:\"(?<quoted>(?:[^\"]|\"\")*)\"|(?<plain>[^,]*))")]
    private static partial Regex CsvField();
}
