using OpenTelemetry.Metrics;
using StreamUsage.Diagnostics;
using StreamUsage.Estimation;
using StreamUsage.Pricing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Diagnostics;

/// <summary>The metrics of OpenTelemetry's GenAI conventions, as its SDK exports them.</summary>
public sealed class GenAIMetricsTests
{
    private const string Usage = "gen_ai.client.inference.usage.", PerOperation = "gen_ai.client.inference.operation.";

    private static readonly double[] Durations =
        [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

    private static readonly double[] Tokens =
        [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864];

    [Theory]
    [InlineData("gen_ai.client.inference.usage.input_tokens", "{token}", MetricType.LongSum)]
    [InlineData("gen_ai.client.inference.usage.output_tokens", "{token}", MetricType.LongSum)]
    [InlineData("gen_ai.client.inference.usage.cache_read.input_tokens", "{token}", MetricType.LongSum)]
    [InlineData("gen_ai.client.inference.usage.cache_write.input_tokens", "{token}", MetricType.LongSum)]
    [InlineData("gen_ai.client.inference.usage.reasoning.output_tokens", "{token}", MetricType.LongSum)]
    [InlineData("gen_ai.client.inference.operation.input_tokens", "{token}", MetricType.Histogram)]
    [InlineData("gen_ai.client.inference.operation.output_tokens", "{token}", MetricType.Histogram)]
    [InlineData("gen_ai.client.inference.duration", "s", MetricType.Histogram)]
    [InlineData("gen_ai.client.inference.time_to_first_chunk", "s", MetricType.Histogram)]
    [InlineData("gen_ai.client.inference.time_per_output_chunk", "s", MetricType.Histogram)]
    public async Task A_current_metric_has_its_name_unit_and_kind(string name, string unit, MetricType kind)
    {
        using var exported = new Exported();

        await TrackAsync(exported, Reasoned, isLatest: true);

        MetricSnapshot metric = exported.Find(name);
        (metric.Unit, metric.MetricType).Should().Be((unit, kind));
        metric.Description.Should().NotBeNullOrEmpty();
    }

    [Theory]
    [InlineData("gen_ai.client.token.usage", "{token}")]
    [InlineData("gen_ai.client.operation.duration", "s")]
    [InlineData("gen_ai.client.operation.time_to_first_chunk", "s")]
    [InlineData("gen_ai.client.operation.time_per_output_chunk", "s")]
    public async Task An_earlier_metric_has_its_name_and_unit_and_is_a_histogram(string name, string unit)
    {
        using var exported = new Exported();

        await TrackAsync(exported, Answers.Claude, isLatest: false);

        MetricSnapshot metric = exported.Find(name);
        (metric.Unit, metric.MetricType).Should().Be((unit, MetricType.Histogram));
    }

    [Theory]
    [InlineData(true, "gen_ai.client.inference.")]
    [InlineData(false, "gen_ai.client.operation.|gen_ai.client.token.usage")]
    public async Task A_tracker_measures_under_one_set_of_names(bool isLatest, string starts)
    {
        using var exported = new Exported();

        await TrackAsync(exported, Answers.Claude, isLatest);

        exported.Names.Where(name => name.StartsWith("gen_ai.", StringComparison.Ordinal)).Should().NotBeEmpty()
            .And.OnlyContain(name => starts.Split('|').Any(start => name.StartsWith(start, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("gen_ai.client.inference.operation.input_tokens", true)]
    [InlineData("gen_ai.client.inference.operation.output_tokens", true)]
    [InlineData("gen_ai.client.token.usage", false)]
    public async Task A_histogram_of_tokens_has_the_boundaries_of_the_conventions(string name, bool isLatest)
    {
        Assert.SkipUnless(AdvisesBoundaries, "Boundaries are advised from .NET 9 on.");
        using var exported = new Exported();

        await TrackAsync(exported, Answers.Claude, isLatest);

        Exported.Boundaries(exported.Find(name)).Should().Equal(Tokens);
    }

    [Theory]
    [InlineData("gen_ai.client.inference.duration", true)]
    [InlineData("gen_ai.client.inference.time_to_first_chunk", true)]
    [InlineData("gen_ai.client.inference.time_per_output_chunk", true)]
    [InlineData("gen_ai.client.operation.duration", false)]
    [InlineData("gen_ai.client.operation.time_to_first_chunk", false)]
    [InlineData("gen_ai.client.operation.time_per_output_chunk", false)]
    public async Task A_histogram_of_durations_has_the_boundaries_of_the_conventions(string name, bool isLatest)
    {
        Assert.SkipUnless(AdvisesBoundaries, "Boundaries are advised from .NET 9 on.");
        using var exported = new Exported();

        await TrackAsync(exported, Answers.Claude, isLatest);

        Exported.Boundaries(exported.Find(name)).Should().Equal(Durations);
    }

    [Fact]
    public async Task Counters_have_the_attributes_of_the_conventions()
    {
        using var exported = new Exported();

        await TrackAsync(exported, Answers.Claude, isLatest: true);

        Exported.Attributes(Exported.Points(exported.Find(Usage + "input_tokens")).Single()).Should().Equal(new Dictionary<string, object?>
        {
            ["gen_ai.operation.name"] = "chat",
            ["gen_ai.provider.name"] = "anthropic",
            ["gen_ai.request.model"] = "claude-sonnet",
            ["gen_ai.response.model"] = "claude-sonnet-4-5",
            ["server.address"] = "api.anthropic.com",
            ["server.port"] = 443,
            ["gen_ai.token.modality"] = "unknown",
        });
    }

    [Fact]
    public async Task The_earlier_histogram_of_tokens_has_a_type()
    {
        using var exported = new Exported();

        await TrackAsync(exported, Answers.Claude, isLatest: false);

        MetricSnapshot metric = exported.Find("gen_ai.client.token.usage");
        Exported.Sum(metric, ("gen_ai.token.type", "input"), ("gen_ai.provider.name", "anthropic")).Should().Be(35);
        Exported.Sum(metric, ("gen_ai.token.type", "output"), ("server.address", "api.anthropic.com")).Should().Be(15);
    }

    [Fact]
    public async Task Input_includes_what_was_read_from_and_written_to_a_cache()
    {
        using var exported = new Exported();

        await TrackAsync(exported, Answers.Claude, isLatest: true);

        Exported.Sum(exported.Find(Usage + "input_tokens")).Should().Be(25 + 7 + 3);
        Exported.Sum(exported.Find(Usage + "cache_read.input_tokens")).Should().Be(7);
        Exported.Sum(exported.Find(Usage + "cache_write.input_tokens")).Should().Be(3);
        Exported.Sum(exported.Find(PerOperation + "input_tokens")).Should().Be(35);
    }

    [Theory]
    [InlineData("input_tokens", "audio", 30)]
    [InlineData("input_tokens", "text", 70)]
    [InlineData("output_tokens", "audio", 8)]
    [InlineData("output_tokens", "text", 12)]
    [InlineData("cache_read.input_tokens", "audio", 4)]
    [InlineData("cache_read.input_tokens", "text", 6)]
    public async Task Tokens_are_counted_by_the_modality_that_the_provider_reports(string counter, string modality, double expected)
    {
        using var exported = new Exported();

        await TrackAsync(exported, Spoken, isLatest: true);

        Exported.Sum(exported.Find(Usage + counter), ("gen_ai.token.modality", modality)).Should().Be(expected);
    }

    [Theory]
    [InlineData(Usage + "input_tokens")]
    [InlineData(Usage + "output_tokens")]
    [InlineData(PerOperation + "input_tokens")]
    [InlineData(PerOperation + "output_tokens")]
    public async Task An_operation_that_failed_without_usage_counts_zero(string name)
    {
        using var exported = new Exported();

        await TrackAsync(exported, Answers.RefusedJson, isLatest: true, new TrackedResponse { StatusCode = 400 });

        MetricSnapshot metric = exported.Find(name);
        Exported.Points(metric).Should().ContainSingle();
        Exported.Sum(metric).Should().Be(0);
    }

    [Fact]
    public async Task A_failed_operation_has_an_error_type_in_histograms_and_not_in_counters()
    {
        using var exported = new Exported();

        await TrackAsync(exported, Answers.RefusedJson, isLatest: true, new TrackedResponse { StatusCode = 400 });

        Error("gen_ai.client.inference.duration").Should().Be("invalid_request_error");
        Error(PerOperation + "input_tokens").Should().Be("invalid_request_error");
        Error(Usage + "input_tokens").Should().BeNull();

        object? Error(string name) =>
            Exported.Attributes(Exported.Points(exported.Find(name)).Single()).GetValueOrDefault("error.type");
    }

    [Fact]
    public async Task An_accepted_background_response_has_a_duration_and_no_tokens()
    {
        using var exported = new Exported();

        await TrackAsync(exported, Answers.ResponsesQueued, isLatest: true);

        exported.Names.Should().Contain("gen_ai.client.inference.duration").And.NotContain(Usage + "input_tokens")
            .And.NotContain(PerOperation + "input_tokens").And.NotContain("streamusage.tokens");
    }

    [Fact]
    public async Task A_stored_response_that_is_fetched_has_no_tokens()
    {
        using var exported = new Exported();
        await using UsageTracker tracker = Tracker(exported, isLatest: true);
        using HttpResponseMessage response = Track.Response(new MemoryStream(Answers.Bytes(Finished)));
        response.RequestMessage = new HttpRequestMessage(HttpMethod.Get, "https://api.openai.com/v1/responses/resp_1");

        UsageTracking tracking = response.TrackUsage(tracker, new UsageContext());
        await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        (await tracking.Completion).BilledUsage.TotalTokens.Should().Be(9);
        await tracker.DisposeAsync();
        exported.Names.Should().NotContain(Usage + "input_tokens").And.NotContain("streamusage.tokens");
        Exported.Attributes(Exported.Points(exported.Find("gen_ai.client.inference.duration")).Single())["gen_ai.operation.name"]
            .Should().Be("fetch_response");
    }

    [Fact]
    public async Task A_whole_answer_has_no_times_of_chunks()
    {
        using var exported = new Exported();

        await TrackAsync(exported, Finished, isLatest: true);

        exported.Names.Should().Contain("gen_ai.client.inference.duration")
            .And.NotContain("gen_ai.client.inference.time_to_first_chunk").And.NotContain("gen_ai.client.inference.time_per_output_chunk");
    }

    [Fact]
    public async Task Tokens_show_their_kind_and_whether_they_were_reported_or_estimated()
    {
        using var exported = new Exported();

        await TrackAsync(exported, Answers.ClaudeStart + Answers.ClaudeText, isLatest: true);

        MetricSnapshot metric = exported.Find("streamusage.tokens");
        metric.Unit.Should().Be("{token}");
        Exported.Sum(metric, ("source", "reported"), ("kind", "input"), ("provider", "anthropic")).Should().Be(25);
        Exported.Sum(metric, ("source", "reported"), ("kind", "cache_read")).Should().Be(7);
        Exported.Sum(metric, ("source", "reported"), ("kind", "cache_creation")).Should().Be(3);
        Exported.Sum(metric, ("source", "estimated"), ("kind", "output"), ("model", "claude-sonnet-4-5")).Should().Be(6);
    }

    [Fact]
    public async Task Chosen_tags_of_the_context_are_attributes_and_others_are_not()
    {
        using var exported = new Exported();

        await TrackAsync(exported, Answers.Claude, isLatest: true, configure: options => options.MetricTags.Add("tenant"));

        Dictionary<string, object?> attributes = Exported.Attributes(Exported.Points(exported.Find(Usage + "input_tokens")).Single());
        attributes.Should().Contain("tenant", "acme").And.NotContainKey("secret");
    }

    [Fact]
    public async Task Tags_that_throw_cost_no_record()
    {
        using var exported = new Exported();
        var sink = new RecordingSink();
        var options = new StreamUsageOptions { MeterFactory = exported, MetricTags = { "tenant" } };
        await using var tracker = new UsageTracker(sink, options);
        var context = new UsageContext { Tags = new ThrowingTags() };

        await Track.ReadToEndAsync(tracker.Track(new MemoryStream(Answers.ClaudeBytes), context, out UsageTracking _));
        await tracker.FlushAsync(TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        sink.Records.Should().ContainSingle();
    }

    [Theory]
    [InlineData("anthropic/claude", true)]
    [InlineData("anthropic/claude", false)]
    public async Task Costs_name_entry_provider_operation_and_a_currency_that_is_not_the_dollar(string entry, bool isDollar)
    {
        using var exported = new Exported();
        var cost = new UsageCost { Total = 0.5m, PricedAs = entry, Currency = isDollar ? "USD" : "EUR" };

        await TrackAsync(exported, Answers.Claude, isLatest: true, configure: options => options.Pricing = new FixedPricing(cost));

        MetricSnapshot metric = exported.Find("streamusage.cost");
        (metric.Unit, Exported.Sum(metric)).Should().Be(("{USD}", 0.5));
        Dictionary<string, object?> expected = new() { ["model"] = entry, ["provider"] = "anthropic", ["operation"] = "chat" };
        if (!isDollar)
        {
            expected["currency"] = "EUR";
        }

        Exported.Attributes(Exported.Points(metric).Single()).Should().BeEquivalentTo(expected);
    }

    [Fact]
    public void Models_that_a_hostile_server_invents_share_one_name_in_the_end()
    {
        using var meters = new Meters();
        GenAIMetrics metrics = GenAIMetrics.For(meters, isLatest: true);
        for (int i = 0; i < 3 * BoundedNames.MaxNames; i++)
        {
            var record = new UsageRecord { ResponseModel = $"invented-{i}", Protocol = "openai-chat", InputSource = TokenSource.Reported };
            metrics.Record(new GenAICall(record), new MetricTags([]));
        }

        meters.Sums(Usage + "input_tokens").Should().HaveCount(BoundedNames.MaxNames + 1);
        meters.Sums(Usage + "input_tokens").Should().ContainSingle(sum => sum.Tags.Contains("other"));
    }

    [Theory]
    [InlineData("gen_ai.request.model")]
    [InlineData("error.type")]
    [InlineData("model")]
    [InlineData(" ")]
    public void A_tag_that_metrics_already_have_is_refused(string name)
    {
        var options = new StreamUsageOptions { MetricTags = { name } };

        FluentActions.Invoking(() => new UsageTracker(new RecordingSink(), options)).Should().Throw<ArgumentException>()
            .WithMessage("StreamUsageOptions.MetricTags must be *");
    }

    // A Chat answer with reasoning, cache reads and cache writes, so that each counter counts.
    private const string Reasoned =
        """
        data: {"id":"c","object":"chat.completion.chunk","model":"gpt-5","choices":[{"index":0,"delta":{"content":"Hi"}}]}

        data: {"id":"c","object":"chat.completion.chunk","model":"gpt-5","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

        data: {"id":"c","object":"chat.completion.chunk","model":"gpt-5","choices":[],
        data: "usage":{"prompt_tokens":10,"prompt_tokens_details":{"cached_tokens":4,"cache_write_tokens":2},
        data: "completion_tokens":6,"completion_tokens_details":{"reasoning_tokens":5}}}

        data: [DONE]


        """;

    private const string Spoken =
        """
        {"id":"c","object":"chat.completion","model":"gpt-audio",
        "choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],
        "usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"completion_tokens_details":{"audio_tokens":8},
        "prompt_tokens_details":{"audio_tokens":30,"cached_tokens":10,"cached_tokens_details":{"audio_tokens":4,"text_tokens":6}}}}
        """;

    private const string Finished =
        """
        {"id":"resp_1","object":"response","status":"completed","model":"gpt-5",
        "output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Hi"}]}],
        "usage":{"input_tokens":4,"output_tokens":5,"total_tokens":9}}
        """;

    private static bool AdvisesBoundaries => typeof(UsageTracker).Assembly.GetReferencedAssemblies()
        .Single(assembly => assembly.Name == "System.Runtime").Version!.Major >= 9;

    private static UsageTracker Tracker(Exported exported, bool? isLatest, Action<StreamUsageOptions>? configure = null)
    {
        var options = new StreamUsageOptions
        {
            MeterFactory = exported,
            LatestGenAIConventions = isLatest,
            Estimator = new CharacterTokenEstimator(),
        };
        configure?.Invoke(options);
        return new UsageTracker(new RecordingSink(), options);
    }

    private static async Task TrackAsync(
        Exported exported, string body, bool? isLatest, TrackedResponse? response = null, Action<StreamUsageOptions>? configure = null)
    {
        await using UsageTracker tracker = Tracker(exported, isLatest, configure);
        var context = new UsageContext
        {
            Model = "claude-sonnet",
            Tags = new Dictionary<string, string> { ["tenant"] = "acme", ["secret"] = "s" },
        };
        response = (response ?? new TrackedResponse()) with { RequestUri = new Uri("https://api.anthropic.com/v1/messages?key=secret") };
        Stream stream = tracker.Track(new PiecewiseStream(Answers.Bytes(body), 60), context, out UsageTracking tracking, response);
        await Track.ReadToEndAsync(stream);
        await tracking.Completion;
    }

    private sealed class FixedPricing(UsageCost cost) : IUsagePricing
    {
        public UsageCost? Price(UsageRecord record) => cost;
    }

    private sealed class ThrowingTags : Dictionary<string, string>, IReadOnlyDictionary<string, string>
    {
        bool IReadOnlyDictionary<string, string>.TryGetValue(string key, out string value) => throw new InvalidOperationException();
    }
}
