using StreamUsage.Delivery;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Delivery;

/// <summary>What a sink leaves to the interface is not called.</summary>
public sealed class SinkShapeTests
{
    [Fact]
    public void A_sink_takes_what_it_implements() => SinkShape.Of(new RecordingSink()).Should().Be(new SinkShape(TakesStarts: true, TakesBatches: false));

    [Fact]
    public void A_sink_that_implements_only_what_it_must_takes_nothing_else() => SinkShape.Of(new CallbackUsageSink((_, _) => default)).Should().Be(new SinkShape(false, false));

    [Fact]
    public void An_explicit_implementation_counts() => SinkShape.Of(new ExplicitSink()).Should().Be(new SinkShape(true, true));

    [Fact]
    public void A_derived_sink_takes_what_its_base_implements() => SinkShape.Of(new DerivedSink()).Should().Be(new SinkShape(true, true));

    [Fact]
    public void A_decorator_takes_what_its_target_takes()
    {
        SinkShape.Of(new Decorator(new CallbackUsageSink((_, _) => default))).Should().Be(new SinkShape(false, false));
        SinkShape.Of(new Decorator(new Decorator(new ExplicitSink()))).Should().Be(new SinkShape(true, true));
    }

    [Fact]
    public void A_decorator_takes_what_it_overrides() => SinkShape.Of(new StartDecorator(new CallbackUsageSink((_, _) => default))).Should().Be(new SinkShape(true, false));

    private class ExplicitSink : IUsageSink
    {
        ValueTask IUsageSink.StartedAsync(UsageStart start, CancellationToken cancellationToken) => default;

        ValueTask IUsageSink.RecordAsync(UsageRecord record, CancellationToken cancellationToken) => default;

        ValueTask IUsageSink.RecordBatchAsync(IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken) => default;
    }

    private sealed class DerivedSink : ExplicitSink;

    private sealed class Decorator(IUsageSink inner) : DelegatingUsageSink(inner);

    private sealed class StartDecorator(IUsageSink inner) : DelegatingUsageSink(inner)
    {
        public override ValueTask StartedAsync(UsageStart start, CancellationToken cancellationToken) => default;
    }
}
