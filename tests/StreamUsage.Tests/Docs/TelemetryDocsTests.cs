using System.Diagnostics.Metrics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using StreamUsage.Pricing;
using StreamUsage.Tests.Support;
using YamlDotNet.RepresentationModel;

namespace StreamUsage.Tests.Docs;

/// <summary>The dashboard and the alert rules ask for metrics that there are, and the page names all of them.</summary>
public sealed partial class TelemetryDocsTests
{
    private static readonly string Docs = Path.Combine(MarkdownFile.Root, "docs");

    [Theory]
    [InlineData("Tokens by model")]
    [InlineData("Tokens by kind")]
    [InlineData("Cost an hour, USD")]
    [InlineData("Cache hit share")]
    [InlineData("Outcomes")]
    [InlineData("Time to first chunk")]
    [InlineData("Delivery lag")]
    [InlineData("Dropped records")]
    [InlineData("Anomalies")]
    [InlineData("Unknown usage fields")]
    public void The_dashboard_has_a_panel(string title) =>
        Panels.Should().ContainSingle(panel => panel["title"]!.GetValue<string>() == title);

    [Fact]
    public async Task Every_series_of_the_dashboard_exists()
    {
        IEnumerable<string> queries = Panels.SelectMany(panel => panel["targets"]!.AsArray())
            .Select(target => target!["expr"]!.GetValue<string>());

        IReadOnlySet<string> existing = await ExistingSeriesAsync();
        queries.SelectMany(Series).Should().NotBeEmpty().And.OnlyContain(name => existing.Contains(name));
    }

    [Theory]
    [InlineData("StreamUsageRecordsDropped")]
    [InlineData("StreamUsageSinkFailing")]
    [InlineData("StreamUsageQueueOld")]
    [InlineData("StreamUsageNoUsageReported")]
    [InlineData("StreamUsageUnpriced")]
    [InlineData("StreamUsagePriceTableOld")]
    public void There_is_an_alert(string name) => Rules.Should().ContainSingle(rule => Text(rule, "alert") == name);

    [Fact]
    public async Task Every_series_of_the_alerts_exists()
    {
        IReadOnlySet<string> existing = await ExistingSeriesAsync();

        Rules.SelectMany(rule => Series(Text(rule, "expr"))).Should().NotBeEmpty().And.OnlyContain(name => existing.Contains(name));
    }

    [Fact]
    public void Every_alert_has_a_severity_and_a_summary() =>
        Rules.Should().NotBeEmpty().And.OnlyContain(rule =>
            Text((YamlMappingNode)rule["labels"], "severity").Length > 0
            && Text((YamlMappingNode)rule["annotations"], "summary").Length > 0);

    [Fact]
    public async Task Every_instrument_is_on_the_page_of_telemetry()
    {
        string page = await File.ReadAllTextAsync(Path.Combine(Docs, "telemetry.md"), TestContext.Current.CancellationToken);

        IEnumerable<string> missing = (await InstrumentsAsync()).Select(instrument => instrument.Name)
            .Where(name => !page.Contains($"`{ShortName().Replace(name, "")}`", StringComparison.Ordinal));

        missing.Should().BeEmpty();
    }

    private static IEnumerable<JsonNode> Panels => JsonNode.Parse(File.ReadAllText(Path.Combine(Docs, "grafana-dashboard.json")))!
        ["panels"]!.AsArray()!;

    private static IReadOnlyList<YamlMappingNode> Rules
    {
        get
        {
            var yaml = new YamlStream();
            using StreamReader reader = File.OpenText(Path.Combine(Docs, "alerts.yml"));
            yaml.Load(reader);
            return [.. ((YamlSequenceNode)yaml.Documents[0].RootNode["groups"]).SelectMany(group => (YamlSequenceNode)group["rules"])
                .Cast<YamlMappingNode>()];
        }
    }

    private static string Text(YamlMappingNode node, string name) => ((YamlScalarNode)node[name]).Value!;

    private static IEnumerable<string> Series(string query) => SeriesName().Matches(query).Select(match => match.Value);

    /// <summary>The series that Prometheus gets of all instruments, whatever a tracker's options are.</summary>
    private static async Task<IReadOnlySet<string>> ExistingSeriesAsync() => (await InstrumentsAsync()).SelectMany(instrument =>
    {
        string name = instrument.Name.Replace('.', '_') + (instrument.Unit == "s" ? "_seconds" : "");
        Type kind = instrument.GetType().GetGenericTypeDefinition();
        return kind == typeof(Counter<>) ? [name + "_total"]
            : kind == typeof(Histogram<>) ? [name + "_bucket", name + "_sum", name + "_count"]
            : (string[])[name];
    }).ToHashSet();

    private static async Task<IReadOnlyCollection<Instrument>> InstrumentsAsync()
    {
        using var meters = new Meters(isOn: false);
        var instruments = new List<Instrument>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (ReferenceEquals(instrument.Meter, meters.Create(new MeterOptions("StreamUsage"))))
            {
                lock (instruments)
                {
                    instruments.Add(instrument);
                }
            }
        };
        listener.Start();
        string table = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid()}.json");
        await File.WriteAllTextAsync(table, "[]");
        using PriceTable prices = PriceTable.Watch(table);
        foreach (bool isLatest in new[] { true, false })
        {
            await using var tracker = new UsageTracker(new RecordingSink(), new StreamUsageOptions
            {
                MeterFactory = meters,
                LatestGenAIConventions = isLatest,
                Background = new BackgroundDeliveryOptions(),
                Pricing = prices,
            });
        }

        File.Delete(table);
        return [.. instruments.DistinctBy(instrument => instrument.Name)];
    }

    [GeneratedRegex(@"\b(streamusage|gen_ai)_\w+")]
    private static partial Regex SeriesName();

    // The page's table leaves out what all names of a column begin with.
    [GeneratedRegex(@"^gen_ai\.client\.(inference\.)?")]
    private static partial Regex ShortName();
}
