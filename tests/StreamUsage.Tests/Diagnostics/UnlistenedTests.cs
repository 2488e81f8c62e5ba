using System.Diagnostics;
using StreamUsage.Diagnostics;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Diagnostics;

/// <summary>Without a listener, nothing is measured and nothing is allocated.</summary>
[Collection(AloneCollection.Name)] // Activity sources and the environment are the process's.
public sealed class UnlistenedTests
{
    private static readonly GenAICall Call = new(new UsageRecord
    {
        Context = new UsageContext { Model = "m", Tags = new Dictionary<string, string> { ["tenant"] = "acme" } },
        BilledUsage = new TokenUsage { InputTokens = 5, OutputTokens = 7 },
        InputSource = TokenSource.Reported,
        OutputSource = TokenSource.Reported,
        Anomalies = UsageAnomalies.SkippedEvents,
        Cost = new StreamUsage.Pricing.UsageCost { PricedAs = "openai/m", Total = 1 },
    });

    [Theory]
    [InlineData("conventions")]
    [InlineData("tokens")]
    [InlineData("anomalies")]
    [InlineData("prices")]
    [InlineData("span")]
    public void Without_a_listener_nothing_is_allocated(string what)
    {
        using var meters = new Meters(isOn: false);
        GenAIMetrics metrics = GenAIMetrics.For(meters, isLatest: true);
        UsageMeter meter = UsageMeter.For(meters);
        var prices = new PricingReport(meters);
        var tags = new MetricTags(["tenant"]);
        Report();

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            Report();
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);

        void Report()
        {
            switch (what)
            {
                case "conventions":
                    metrics.Record(Call, tags);
                    break;
                case "tokens":
                    meter.Tokens(Call, tags);
                    break;
                case "anomalies":
                    meter.Anomalies(Call.Record.Anomalies);
                    break;
                case "prices":
                    prices.Record(Call, tags);
                    break;
                default:
                    UsageActivity.WriteSpan(Call, default(ActivityContext));
                    break;
            }
        }
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("http", false)]
    [InlineData("gen_ai_latest_experimental", true)]
    [InlineData("http, gen_ai_latest_experimental,database", true)]
    [InlineData("gen_ai_latest_experimental_not", false)]
    public async Task The_environment_chooses_the_names_unless_the_options_do(string? value, bool isLatest)
    {
        const string Variable = "OTEL_SEMCONV_STABILITY_OPT_IN";
        string? before = Environment.GetEnvironmentVariable(Variable);
        using var meters = new Meters();
        try
        {
            Environment.SetEnvironmentVariable(Variable, value);
            await using var tracker = new UsageTracker(new RecordingSink(), new StreamUsageOptions { MeterFactory = meters });
            await Streams.Finish(tracker).Completion;
        }
        finally
        {
            Environment.SetEnvironmentVariable(Variable, before);
        }

        const string LatestStart = "gen_ai.client.inference.";
        meters.Measurements.Select(measured => measured.Name).Where(name => name.StartsWith("gen_ai.", StringComparison.Ordinal))
            .Should().NotBeEmpty().And.OnlyContain(name => name.StartsWith(LatestStart, StringComparison.Ordinal) == isLatest);
    }
}
