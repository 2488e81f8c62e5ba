using System.Text;
using StreamUsage.Pricing;
using StreamUsage.Tests.Support;
using static StreamUsage.Tests.Support.PriceTables;

namespace StreamUsage.Tests.Pricing;

/// <summary>What a request may cost, before it is answered.</summary>
public sealed class QuoteTests
{
    private static readonly PriceTable Table = Parse(
        """
        [{"id":"anthropic","models":[{"id":"claude-x","prices":{"input_mtok":3,"cache_read_mtok":0.3,"cache_write_mtok":3.75,
        "cache_write_1h_mtok":6,"output_mtok":15}}]},
        {"id":"openai","models":[{"id":"gpt-x","prices":{"input_mtok":{"base":1,"tiers":[{"start":2000,"price":2}]},"output_mtok":8,
        "output_reasoning_mtok":10}}]},
        {"id":"google","models":[{"id":"gemini-x","prices":{"input_mtok":1,"output_mtok":4}}]}]
        """);

    [Theory]
    [InlineData("""{"model":"claude-x","max_tokens":200,"messages":[{"role":"user","content":"max_tokens: 5"}]}""", 200, 0.003, 0.006)]
    // A write of the whole input.
    [InlineData("""{"model":"claude-x","max_tokens":200,"messages":[{"content":[{"cache_control":{"type":"ephemeral"}}]}]}""",
        200, 0.003, 0.00675)]
    [InlineData("""{"model":"claude-x","max_tokens":200,"messages":[{"content":[{"cache_control":{"type":"ephemeral","ttl":"1h"}}]}]}""",
        200, 0.003, 0.009)]
    // Reasoning is the dearest output.
    [InlineData("""{"model":"gpt-x","max_completion_tokens":100,"n":3,"messages":[]}""", 300, 0.001, 0.004)]
    [InlineData("""{"model":"gpt-x","max_output_tokens":100,"input":"x"}""", 100, 0.001, 0.002)]
    [InlineData("""{"model":"gpt-x","input":"x"}""", null, 0.001, null)]
    [InlineData("""{"model":"gemini-x","contents":[],"generationConfig":{"maxOutputTokens":50,"candidateCount":2}}""", 100, 0.001, 0.0014)]
    [InlineData("""{"model":"gpt-x","service_tier":"priority","max_tokens":5,"messages":[]}""", 5, null, null)] // No rate of that class.
    [InlineData("""{"model":"gpt-x","service_tier":"auto","max_tokens":5,"messages":[]}""", 5, 0.001, 0.00105)]
    [InlineData("""{"model":"gpt-x","max_tokens":5,"messages":[""", 5, 0.001, 0.00105)] // Broken off: what was read counts.
    public void A_quote_counts_the_most_output_that_the_request_allows(string body, int? maxOutput, double? inputCost, double? maxCost)
    {
        UsageQuote? quote = Table.Quote(new UsageContext { RequestBody = Encoding.UTF8.GetBytes(body), RequestStartedAt = Noon }, 1000);

        quote.Should().Be(new UsageQuote
        {
            InputTokens = 1000,
            MaxOutputTokens = maxOutput,
            InputCost = (decimal?)inputCost,
            MaxCost = (decimal?)maxCost,
        });
    }

    [Fact]
    public void The_tier_goes_by_the_input()
    {
        Table.Quote(new UsageContext { Provider = "openai", Model = "gpt-x" }, 3000)!.InputCost.Should().Be(0.006m);
    }

    [Fact]
    public void The_tables_limit_stands_in_where_the_request_sets_none()
    {
        PriceTable table = LiteLlm(
            """ "input_cost_per_token":1e-06,"output_cost_per_token":2e-06,"max_output_tokens":500,"max_tokens":7 """);

        UsageQuote? quote = table.Quote(new UsageContext { Provider = "acme", Model = "m", RequestBody = """{"n":2}"""u8.ToArray() }, 100);

        quote.Should().Be(new UsageQuote { InputTokens = 100, MaxOutputTokens = 1000, InputCost = 0.0001m, MaxCost = 0.0021m });
    }

    [Theory]
    [InlineData("""{"max_tokens":100}""", 0.005)] // 1,000 × 1 and, as audio may come, 100 × 40.
    [InlineData("""{"max_tokens":100,"messages":[{"content":[{"type":"input_audio"}]}]}""", 0.014)] // 1,000 × 10 + 100 × 40
    // 1,000 × 3 + 100 × 40
    [InlineData("""{"max_tokens":100,"messages":[{"content":[{"type":"input_image","image_url":"https://example.com/i"}]}]}""", 0.007)]
    // 1,000 × 7 + 100 × 40
    [InlineData("""{"generationConfig":{"maxOutputTokens":100},"contents":[{"parts":[{"fileData":{"mimeType":"video/mp4"}}]}]}""", 0.011)]
    public void The_worst_case_is_the_dearest_modality(string body, double maxCost)
    {
        PriceTable table = GenAi(
            """
            {"input_mtok":1,"input_audio_mtok":10,"input_image_mtok":3,"input_video_mtok":7,
            "output_mtok":4,"output_audio_mtok":40}
            """);

        UsageQuote? quote = table.Quote(
            new UsageContext { Provider = "acme", Model = "m", RequestBody = Encoding.UTF8.GetBytes(body) }, 1000);

        (quote!.InputCost, quote.MaxCost).Should().Be((0.001m, (decimal)maxCost));
    }

    [Fact]
    public void Of_entries_that_disagree_the_dearer_one_is_quoted()
    {
        PriceTable table = Parse(
            """
            {"gemini/g":{"litellm_provider":"gemini","input_cost_per_token":1e-06,"output_cost_per_token":3e-06,"max_output_tokens":100},
            "g":{"litellm_provider":"vertex_ai-language-models","input_cost_per_token":1e-06,"output_cost_per_token":4e-06,
            "max_output_tokens":100}}
            """);

        table.Quote(new UsageContext { Provider = "google", Model = "g" }, 100)!.MaxCost.Should().Be(0.0005m);
    }

    [Theory]
    [InlineData("", """ "input_cost_per_token":1e-06,"output_cost_per_token":4e-06, """)]
    [InlineData(""" "input_cost_per_token":1e-06,"output_cost_per_token":4e-06, """, "")]
    public void Of_entries_with_and_without_a_price_the_priced_one_is_quoted(string first, string second)
    {
        PriceTable table = Parse(
            $$$"""
            {"gemini/g":{{{{first}}}"litellm_provider":"gemini","max_output_tokens":100},
            "g":{{{{second}}}"litellm_provider":"vertex_ai-language-models","max_output_tokens":100}}
            """);

        table.Quote(new UsageContext { Provider = "google", Model = "g" }, 100)!.MaxCost.Should().Be(0.0005m);
    }

    [Fact]
    public void A_quote_is_after_the_multiplier()
    {
        PriceTable table = GenAi(
            """{"input_mtok":1,"output_mtok":1}""", new PriceTableOptions { Multiplier = record => record.Context.UserId == "u" ? 2 : 1 });

        table.Quote(new UsageContext { Provider = "acme", Model = "m", UserId = "u" }, 1000)!.InputCost.Should().Be(0.002m);
    }

    [Fact]
    public void A_model_that_is_not_known_has_no_quote()
    {
        Table.Quote(new UsageContext { Provider = "openai", Model = "gpt-y" }, 1).Should().BeNull();
        Table.Quote(new UsageContext(), 1).Should().BeNull();
        Table.Invoking(table => table.Quote(new UsageContext(), -1)).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public async Task A_tracker_estimates_the_input_and_quotes_without_a_price_too()
    {
        byte[] body = """{"model":"claude-x","max_tokens":10,"messages":[{"role":"user","content":"0123456789"}]}"""u8.ToArray();
        var context = new UsageContext { ApiFormat = ApiFormat.Claude, RequestBody = body };
        await using var priced = new UsageTracker(new RecordingSink(),
            new StreamUsageOptions { Pricing = Table, Estimator = new StreamUsage.Estimation.CharacterTokenEstimator() });
        await using var unpriced = new UsageTracker(new RecordingSink(), Track.ByCharacters);

        UsageQuote quote = priced.Quote(context);

        quote.InputTokens.Should().BePositive();
        (quote.MaxOutputTokens, quote.InputCost, quote.MaxCost)
            .Should().Be((10L, quote.InputTokens * 0.000003m, (quote.InputTokens * 0.000003m) + 0.00015m));
        unpriced.Quote(context).Should().Be(new UsageQuote { InputTokens = quote.InputTokens, MaxOutputTokens = 10 });
    }

    [Fact]
    public async Task Neither_a_failing_estimator_nor_a_failing_pricing_fails_a_quote()
    {
        await using var tracker = new UsageTracker(
            new RecordingSink(), new StreamUsageOptions { Pricing = new Failing(), Estimator = new Failing() });

        tracker.Quote(new UsageContext { RequestBody = new byte[40] }).Should().Be(new UsageQuote { InputTokens = 10 });
    }

    [Fact]
    public async Task A_start_carries_the_quote_of_its_request()
    {
        var sink = new RecordingSink();
        await using var tracker = new UsageTracker(
            sink, new StreamUsageOptions { Pricing = Table, Estimator = new StreamUsage.Estimation.CharacterTokenEstimator() });
        byte[] body = """{"model":"claude-x","max_tokens":10}"""u8.ToArray();

        await Track.ReadToEndAsync(tracker.Track(new ScriptedStream(Answers.Claude),
            new UsageContext { RequestBody = body, ApiFormat = ApiFormat.Claude }, out UsageTracking withBody));
        await Track.ReadToEndAsync(tracker.Track(new ScriptedStream(Answers.Claude), Track.Nothing, out UsageTracking withoutBody));
        await Task.WhenAll(withBody.Completion, withoutBody.Completion);

        sink.Starts.Select(start => start.Quote?.MaxOutputTokens).Should().BeEquivalentTo([10L, (long?)null]);
        sink.Starts.Should().ContainSingle(start => start.Quote != null && start.Quote.MaxCost > 0.00015m);
    }

    private sealed class Failing : IUsagePricing, StreamUsage.Estimation.ITokenEstimator
    {
        public UsageCost? Price(UsageRecord record) => throw new InvalidOperationException();

        public UsageQuote? Quote(UsageContext context, long inputTokens) => throw new InvalidOperationException();

        public int CountTokens(string? model, ReadOnlySpan<char> text) => throw new InvalidOperationException();

        public long EstimateInputTokens(ApiFormat format, string? model, ReadOnlyMemory<byte> requestBody) =>
            throw new InvalidOperationException();

        public long EstimateOutputTokens(ApiFormat format, string? model, string text, long characters) =>
            throw new InvalidOperationException();
    }
}
