using Microsoft.Extensions.DependencyInjection;
using StreamUsage.Delivery;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Delivery;

/// <summary>Sinks can be told apart in the log and the meter.</summary>
public sealed class SinkNamesTests
{
    [Fact]
    public void A_sink_is_named_after_its_type() =>
        SinkNames.Of([new RecordingSink(), new TestSink()], "").Should().Equal("RecordingSink", "TestSink");

    [Fact]
    public void Sinks_of_one_type_are_numbered() =>
        SinkNames.Of([new RecordingSink(), new TestSink(), new RecordingSink()], "")
            .Should().Equal("RecordingSink#1", "TestSink", "RecordingSink#2");

    [Fact]
    public async Task Sinks_of_named_trackers_bear_its_name()
    {
        using var meters = new Meters();
        var services = new ServiceCollection();
        services.AddSingleton<System.Diagnostics.Metrics.IMeterFactory>(meters);
        services.AddStreamUsage("a").AddSink(new TestSink()).AddSink((_, _) => default);
        services.AddStreamUsage().AddSink(new TestSink()).AddSink(new TestSink());
        await using ServiceProvider provider = services.BuildServiceProvider();
        foreach (UsageTracker tracker in (UsageTracker[])[provider.GetRequiredKeyedService<UsageTracker>("a"),
            provider.GetRequiredService<UsageTracker>()])
        {
            await Streams.Finish(tracker).Completion;
            await tracker.DisposeAsync();
        }

        meters.Measurements.Where(m => m.Name == "streamusage.records.delivered").Select(m => m.Tags)
            .Should().BeEquivalentTo("a/TestSink", "a/CallbackUsageSink", "TestSink#1", "TestSink#2");
    }
}
