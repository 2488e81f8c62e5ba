using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Attacks;

/// <summary>What is late is not lost: a call that hangs, and a record that is on its way when the host stops.</summary>
public sealed class LateCallTests
{
    [Fact]
    public async Task The_scope_of_a_call_that_hung_is_disposed_when_the_call_ends_at_last()
    {
        var time = new FakeTimeProvider();
        var call = new HungCall();
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(time).AddSingleton(call).AddScoped<Resource>();
        services.AddStreamUsage(options =>
        {
            options.SinkTimeout = TimeSpan.FromSeconds(1);
            options.MaxDeliveryAttempts = 1;
        }).AddSink<HungSink>();
        await using ServiceProvider provider = services.BuildServiceProvider();
        UsageTracking tracking = Streams.Finish(provider.GetRequiredService<UsageTracker>());
        await call.Begun.Task;

        while (!tracking.Delivery.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(500));
            await Task.Yield();
        }

        (await tracking.Delivery).Should().Be(DeliveryResult.Failed);
        call.Disposed.Task.IsCompleted.Should().BeFalse("the call still uses it");
        call.Ends.SetResult();
        await call.Disposed.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_record_that_is_on_its_way_reaches_a_healthy_sink_without_a_grace_period(bool isInBackground)
    {
        var sink = new RecordingSink();
        var options = new StreamUsageOptions
        {
            ShutdownGracePeriod = TimeSpan.Zero,
            Background = isInBackground ? new BackgroundDeliveryOptions() : null,
        };
        var tracker = new UsageTracker(sink, options);
        Stream[] streams = [.. Enumerable.Range(0, 50)
            .Select(_ => tracker.Track(new ScriptedStream(Answers.Claude), Track.Nothing, out UsageTracking _))];
        foreach (Stream stream in streams[..40])
        {
            await Track.ReadToEndAsync(stream);
        }

        await tracker.DisposeAsync();

        sink.Records.Should().HaveCount(50);
        sink.Records.Count(record => record.Outcome == StreamOutcome.Completed).Should().Be(40);
    }

    private sealed class HungCall
    {
        public TaskCompletionSource Begun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Ends { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Disposed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Resource(HungCall call) : IDisposable
    {
        public void Dispose()
        {
            if (call.Begun.Task.IsCompleted)
            {
                call.Disposed.TrySetResult();
            }
        }
    }

    private sealed class HungSink(HungCall call, Resource resource) : IUsageSink
    {
        public async ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken)
        {
            _ = resource;
            call.Begun.TrySetResult();
            await call.Ends.Task;
        }
    }
}
