using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Delivery;

/// <summary>A decorator that uses starts gets each of them, whatever the sink inside does with them.</summary>
public sealed class DecoratorStartTests
{
    [Fact]
    public async Task A_decorator_of_a_sink_without_starts_gets_every_start()
    {
        var sink = new StartCounter(new CallbackUsageSink(static (_, _) => ValueTask.CompletedTask));
        await using var tracker = new UsageTracker(sink);

        for (int i = 0; i < 3; i++)
        {
            await Streams.Finish(tracker).Completion;
        }

        sink.Count.Should().Be(3);
    }

    private sealed class StartCounter(IUsageSink inner) : DelegatingUsageSink(inner)
    {
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public override ValueTask StartedAsync(UsageStart start, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _count);
            return base.StartedAsync(start, cancellationToken);
        }
    }
}
