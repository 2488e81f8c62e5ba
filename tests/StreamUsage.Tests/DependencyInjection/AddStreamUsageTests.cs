using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using StreamUsage.Accounting;
using StreamUsage.Estimation;
using StreamUsage.Parsing;
using StreamUsage.Pricing;
using StreamUsage.Recording;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.DependencyInjection;

/// <summary>Trackers of a container: what they are made of, what is checked, and how they end with their
/// host.</summary>
public sealed class AddStreamUsageTests
{
    [Fact]
    public async Task The_tracker_is_one_and_its_sink_is_made_anew_for_each_attempt()
    {
        var made = new List<ScopedThing>();
        var services = new ServiceCollection();
        services.AddScoped(_ =>
        {
            made.Add(new ScopedThing());
            return made[^1];
        });
        services.AddStreamUsage(options => options.RetryDelay = TimeSpan.Zero).AddSink<NeedySink>();
        await using ServiceProvider provider = services.BuildServiceProvider(validateScopes: true);
        UsageTracker tracker = provider.GetRequiredService<UsageTracker>();

        (await Streams.Finish(tracker, "twice").Delivery).Should().Be(DeliveryResult.Delivered);

        provider.GetRequiredService<UsageTracker>().Should().BeSameAs(tracker);
        made.Should().HaveCount(3, "the start, an attempt that fails, and one that succeeds").And.OnlyContain(thing => thing.IsDisposed);
        (await Streams.Finish(tracker, "again").Delivery).Should().Be(DeliveryResult.Delivered);
        made.Should().HaveCount(4, "the sink is known not to want starts");
    }

    [Fact]
    public async Task Several_sinks_get_every_record()
    {
        var first = new RecordingSink();
        var second = new List<UsageRecord>();
        var services = new ServiceCollection();
        services.AddStreamUsage().AddSink(first).AddSink((record, _) =>
        {
            second.Add(record);
            return default;
        });
        await using ServiceProvider provider = services.BuildServiceProvider();

        UsageRecord record = await Streams.Finish(provider.GetRequiredService<UsageTracker>()).Completion;

        first.Records.Should().Equal(record);
        second.Should().Equal(record);
    }

    [Fact]
    public async Task Named_trackers_have_options_and_sinks_of_their_own()
    {
        var sinks = new[] { new RecordingSink(), new RecordingSink(), new RecordingSink() };
        var services = new ServiceCollection();
        services.AddStreamUsage().AddSink(sinks[0]);
        services.AddStreamUsage("a", options => options.Capture = CapturedContent.None).AddSink(sinks[1]).DeliverInBackground();
        services.AddStreamUsage("b").AddSink(sinks[2]);
        services.AddStreamUsage("a", options => options.ThrowOnUnreadableStream = true);
        await using ServiceProvider provider = services.BuildServiceProvider();
        UsageTracker a = provider.GetRequiredKeyedService<UsageTracker>("a");

        (await Streams.Finish(a).Delivery).Should().Be(DeliveryResult.Queued);
        (await Streams.Finish(provider.GetRequiredKeyedService<UsageTracker>("b")).Delivery).Should().Be(DeliveryResult.Delivered);
        await a.DisposeAsync();

        sinks.Select(sink => sink.Records.Count).Should().Equal(0, 1, 1);
        a.RecordSettings.Should().Match<RecordSettings>(s => !s.CapturesHeaders && s.ThrowOnUnreadableStream);
        provider.GetServices<IHostedService>()
            .Should().HaveCount(4, "each tracker ends with its host, and the sinks are checked when it starts");
    }

    [Fact]
    public async Task Logging_clock_and_meter_are_the_containers()
    {
        using var meters = new Meters();
        var log = new RecordingLog();
        var time = new FakeTimeProvider(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var services = new ServiceCollection();
        services.AddSingleton<ILoggerFactory>(log).AddSingleton<TimeProvider>(time).AddSingleton<IMeterFactory>(meters);
        services.AddStreamUsage().AddSink(new RecordingSink());
        await using ServiceProvider provider = services.BuildServiceProvider();

        UsageRecord record = await Streams.Finish(provider.GetRequiredService<UsageTracker>()).Completion;
        await provider.GetRequiredService<UsageTracker>().DisposeAsync(); // What is logged and counted follows.

        record.StartedAt.Should().Be(time.GetUtcNow());
        log.Lines.Should().ContainSingle(line => line.EventId == 1);
        meters.Sum("streamusage.records", "ClientAborted").Should().Be(1);
    }

    [Fact]
    public async Task Estimator_pricing_and_parsers_are_the_containers_where_the_options_name_none()
    {
        var services = new ServiceCollection();
        services.AddSingleton<ITokenEstimator>(new Estimator(70)).AddSingleton<IUsagePricing>(new Pricing(3))
            .AddSingleton<IUsageParser>(new WordParser("words")).AddSingleton<IUsageParser>(new WordParser("late words"));
        services.AddStreamUsage().AddSink(new RecordingSink());
        services.AddStreamUsage("own", options =>
        {
            options.Estimator = new Estimator(80);
            options.Pricing = new Pricing(4);
            options.AddParser(new ApiFormat("mine"), new WordParser("own words"));
        }).AddSink(new RecordingSink());
        await using ServiceProvider provider = services.BuildServiceProvider(validateScopes: true);

        UsageRecord record = await ReadAsync(provider.GetRequiredService<UsageTracker>(), ApiFormat.Auto);
        UsageRecord named = await ReadAsync(provider.GetRequiredService<UsageTracker>(), new ApiFormat("LATE WORDS"));
        UsageRecord own = await ReadAsync(provider.GetRequiredKeyedService<UsageTracker>("own"), ApiFormat.Auto);

        record.Should().Match<UsageRecord>(
            r => r.Protocol == "words" && r.ApiFormat == new ApiFormat("words") && r.Usage.OutputTokens == 70 && r.Cost!.Total == 3);
        named.Protocol.Should().Be("late words");
        own.Should().Match<UsageRecord>(
            r => r.Protocol == "own words" && r.ApiFormat == new ApiFormat("mine") && r.Usage.OutputTokens == 80 && r.Cost!.Total == 4);
        provider.GetRequiredService<IOptionsMonitor<StreamUsageOptions>>().Get("own").GetParsers()
            .Should().ContainSingle("the options themselves stay as they were set");
    }

    [Theory]
    [InlineData("MaxEventBytes")]
    [InlineData("MaxDeliveryAttempts")]
    [InlineData("RetryDelay")]
    [InlineData("ShutdownGracePeriod")]
    [InlineData("Background.Capacity")]
    [InlineData("Background.FullQueueTimeout")]
    [InlineData("Background.MaxBatchSize")]
    [InlineData("Background.MaxBatchDelay")]
    [InlineData("Background.MaxConcurrentBatches")]
    [InlineData("Background.ShutdownTimeout")]
    public async Task A_host_with_a_wrong_option_does_not_start_and_says_which(string option)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddStreamUsage(o =>
        {
            o.MaxEventBytes = option == "MaxEventBytes" ? 0 : 1;
            o.MaxDeliveryAttempts = option == "MaxDeliveryAttempts" ? 0 : 1;
            o.RetryDelay = option == "RetryDelay" ? TimeSpan.FromTicks(-1) : TimeSpan.Zero;
            o.ShutdownGracePeriod = option == "ShutdownGracePeriod" ? TimeSpan.FromTicks(-1) : TimeSpan.Zero;
        }).AddSink(new RecordingSink()).DeliverInBackground(o =>
        {
            o.Capacity = option == "Background.Capacity" ? 0 : 1;
            o.FullQueueTimeout = option == "Background.FullQueueTimeout" ? TimeSpan.FromTicks(-1) : TimeSpan.Zero;
            o.MaxBatchSize = option == "Background.MaxBatchSize" ? 0 : 1;
            o.MaxBatchDelay = option == "Background.MaxBatchDelay" ? TimeSpan.FromTicks(-1) : TimeSpan.Zero;
            o.MaxConcurrentBatches = option == "Background.MaxConcurrentBatches" ? 0 : 1;
            o.ShutdownTimeout = option == "Background.ShutdownTimeout" ? TimeSpan.FromTicks(-1) : TimeSpan.Zero;
        });
        using IHost host = builder.Build();

        (await host.Invoking(h => h.StartAsync()).Should().ThrowAsync<OptionsValidationException>())
            .WithMessage($"StreamUsageOptions.{option} must be *");
    }

    [Fact]
    public async Task A_host_without_a_sink_does_not_start()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddStreamUsage();
        using IHost host = builder.Build();

        (await host.Invoking(h => h.StartAsync()).Should().ThrowAsync<OptionsValidationException>()).WithMessage("*AddSink*");
    }

    [Fact]
    public async Task A_hosts_stop_records_what_is_open_and_delivers_what_waits()
    {
        var sink = new TestSink();
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddStreamUsage(options => options.ShutdownGracePeriod = TimeSpan.FromMilliseconds(50))
            .AddSink(sink).DeliverInBackground(options => options.MaxBatchDelay = TimeSpan.FromHours(1));
        using IHost host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        UsageTracker tracker = host.Services.GetRequiredService<UsageTracker>();
        var open = new List<Stream>();
        for (int i = 0; i < 200; i++)
        {
            Streams.Finish(tracker, $"ended {i}");
            open.Add(tracker.Track(new ScriptedStream(Answers.ClaudeStart), new UsageContext { RequestId = $"open {i}" }, out _));
            _ = await open[i].ReadAsync(new byte[4096], TestContext.Current.CancellationToken);
        }

        await host.StopAsync(TestContext.Current.CancellationToken);

        sink.Ids.Should().HaveCount(400).And.OnlyHaveUniqueItems();
        sink.Taken.Where(r => r.ErrorType == "shutdown")
            .Should().HaveCount(200).And.OnlyContain(r => r.Context.RequestId!.StartsWith("open") && r.Usage.InputTokens == 25);
    }

    [Fact]
    public void An_empty_name_is_refused() =>
        FluentActions.Invoking(() => new ServiceCollection().AddStreamUsage(""))
            .Should().Throw<ArgumentException>().WithParameterName("name");

    [Fact]
    public void A_missing_sink_is_named() =>
        FluentActions.Invoking(() => new ServiceCollection().AddStreamUsage().AddSink((IUsageSink)null!))
            .Should().Throw<ArgumentNullException>().WithParameterName("sink");

    [Fact]
    public void A_missing_callback_is_named() =>
        new ServiceCollection().AddStreamUsage()
            .Invoking(builder => builder.AddSink((Func<UsageRecord, CancellationToken, ValueTask>)null!))
            .Should().Throw<ArgumentNullException>().WithParameterName("record");

    private static async Task<UsageRecord> ReadAsync(UsageTracker tracker, ApiFormat format)
    {
        Stream stream = tracker.Track(
            new ScriptedStream("data: word\n\n"), new UsageContext { ApiFormat = format }, out UsageTracking tracking);
        await Track.ReadToEndAsync(stream);
        return await tracking.Completion;
    }

    private sealed class Estimator(int tokens) : ITokenEstimator
    {
        public int CountTokens(string? model, ReadOnlySpan<char> text) => tokens;

        public long EstimateInputTokens(ApiFormat format, string? model, ReadOnlyMemory<byte> requestBody) => tokens;

        public long EstimateOutputTokens(ApiFormat format, string? model, string text, long characters) => tokens;
    }

    private sealed class Pricing(decimal total) : IUsagePricing
    {
        public UsageCost? Price(UsageRecord record) => new() { Total = total };
    }

    private sealed class WordParser(string protocol) : IUsageParser
    {
        public string Protocol => protocol;

        public ParserMatch Match(StreamEvent streamEvent) =>
            streamEvent.Data.SequenceEqual("word"u8) ? ParserMatch.Certain : ParserMatch.None;

        public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state)
        {
            streamEvent.ReportText(streamEvent.Data);
            return state with { IsTerminal = true };
        }
    }

    private sealed class ScopedThing : IDisposable
    {
        public bool IsUsed { get; set; }

        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }

    /// <summary>Fails on its first record, and on whatever was used before.</summary>
    private sealed class NeedySink(ScopedThing thing) : IUsageSink
    {
        private static bool _hasFailed;

        public ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken)
        {
            bool fails = thing.IsUsed || thing.IsDisposed || !_hasFailed;
            thing.IsUsed = _hasFailed = true;
            return fails ? throw new InvalidOperationException() : ValueTask.CompletedTask;
        }
    }
}
