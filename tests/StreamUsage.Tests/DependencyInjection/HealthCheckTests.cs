using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Time.Testing;
using StreamUsage.Pricing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.DependencyInjection;

/// <summary>The health check of a tracker, as a host runs it.</summary>
public sealed class HealthCheckTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly ServiceCollection _services = new();
    private bool _isDown = true;

    public HealthCheckTests() => _services.AddLogging().AddSingleton<TimeProvider>(_time);

    [Fact]
    public async Task A_tracker_without_findings_is_healthy()
    {
        _isDown = false;
        await using ServiceProvider provider = Build();
        await Streams.Finish(provider.GetRequiredService<UsageTracker>()).Delivery;

        HealthReportEntry entry = await CheckAsync(provider);

        entry.Status.Should().Be(HealthStatus.Healthy);
        entry.Data.Should().ContainSingle(pair => pair.Key.EndsWith(".queue_length") && pair.Value.Equals(0));
    }

    [Fact]
    public async Task A_sink_that_fails_is_degraded_and_later_unhealthy()
    {
        await using ServiceProvider provider = Build();
        await Streams.Finish(provider.GetRequiredService<UsageTracker>()).Delivery;

        HealthReportEntry first = await CheckAsync(provider);
        _time.Advance(TimeSpan.FromMinutes(6));
        HealthReportEntry later = await CheckAsync(provider);

        (first.Status, later.Status).Should().Be((HealthStatus.Degraded, HealthStatus.Unhealthy));
        later.Description.Should().Contain("has failed for 00:06:00");
        later.Exception.Should().BeOfType<InvalidOperationException>();
    }

    [Fact]
    public async Task The_failure_status_and_the_limit_are_the_users()
    {
        await using ServiceProvider provider = Build(
            failureStatus: HealthStatus.Degraded, maxFailingTime: TimeSpan.FromHours(1), tags: ["usage"]);
        await Streams.Finish(provider.GetRequiredService<UsageTracker>()).Delivery;

        _time.Advance(TimeSpan.FromHours(2));

        HealthReportEntry entry = await CheckAsync(provider);
        entry.Status.Should().Be(HealthStatus.Degraded);
        entry.Tags.Should().Equal("usage");
    }

    [Fact]
    public async Task A_record_that_waits_too_long_is_unhealthy()
    {
        TaskCompletionSource hangs = new(), called = new();
        _services.AddStreamUsage(options => options.SinkTimeout = TimeSpan.FromHours(2))
            .AddSink((_, _) =>
            {
                called.SetResult();
                return new ValueTask(hangs.Task);
            }).DeliverInBackground(options => options.MaxBatchSize = 1);
        _services.AddHealthChecks().AddStreamUsage(maxRecordAge: TimeSpan.FromMinutes(1));
        await using ServiceProvider provider = _services.BuildServiceProvider();
        _ = await Streams.Finish(provider.GetRequiredService<UsageTracker>()).Completion;

        await called.Task;
        HealthReportEntry first = await CheckAsync(provider);
        _time.Advance(TimeSpan.FromMinutes(2));
        HealthReportEntry later = await CheckAsync(provider);
        hangs.SetResult();

        (first.Status, later.Status).Should().Be((HealthStatus.Healthy, HealthStatus.Unhealthy));
        later.Description.Should().Contain("has waited");
    }

    [Fact]
    public async Task A_price_table_that_cannot_be_read_is_degraded()
    {
        _isDown = false;
        string file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, """{"m":{"input_cost_per_token":1}}""", TestContext.Current.CancellationToken);
        using PriceTable prices = PriceTable.Watch(file);
        await using ServiceProvider provider = Build(prices);
        await File.WriteAllTextAsync(file, "broken", TestContext.Current.CancellationToken);
        prices.Reload();

        (await CheckAsync(provider)).Status.Should().Be(HealthStatus.Degraded);
        File.Delete(file);
    }

    [Fact]
    public async Task Without_any_price_table_the_check_says_that_records_are_unpriced()
    {
        _isDown = false;
        using PriceTable prices = PriceTable.Watch(Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N")));
        await using ServiceProvider provider = Build(prices);

        HealthReportEntry entry = await CheckAsync(provider);

        (entry.Status, entry.Description).Should().Be(
            (HealthStatus.Degraded, "No price table could be loaded; records are unpriced."));
    }

    [Fact]
    public async Task A_named_tracker_has_a_check_of_its_own()
    {
        _services.AddStreamUsage("billing").AddSink(new RecordingSink());
        _services.AddHealthChecks().AddStreamUsage(trackerName: "billing");
        await using ServiceProvider provider = _services.BuildServiceProvider();

        var service = provider.GetRequiredService<HealthCheckService>();
        HealthReport report = await service.CheckHealthAsync(TestContext.Current.CancellationToken);

        report.Entries.Should().ContainSingle().Which.Key.Should().Be("streamusage-billing");
    }

    private ServiceProvider Build(
        PriceTable? prices = null, HealthStatus? failureStatus = null, TimeSpan? maxFailingTime = null, IEnumerable<string>? tags = null)
    {
        _services.AddStreamUsage(options =>
        {
            options.Pricing = prices;
            options.MaxDeliveryAttempts = 1;
        }).AddSink((_, _) => _isDown ? throw new InvalidOperationException("down") : default);
        _services.AddHealthChecks().AddStreamUsage(failureStatus: failureStatus, maxFailingTime: maxFailingTime, tags: tags);
        return _services.BuildServiceProvider();
    }

    private static async Task<HealthReportEntry> CheckAsync(ServiceProvider provider)
    {
        var service = provider.GetRequiredService<HealthCheckService>();
        HealthReport report = await service.CheckHealthAsync(TestContext.Current.CancellationToken);
        return report.Entries["streamusage"];
    }
}
