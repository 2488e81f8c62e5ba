using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Recording;

/// <summary>The scope of a client's call knows whether a handler inside recorded the call.</summary>
public sealed class CallScopeTests
{
    [Fact]
    public void A_response_of_another_sink_at_the_same_time_does_not_hide_that_the_call_is_tracked()
    {
        var sink = new RecordingSink();
        var tracker = new UsageTracker(sink);
        var other = new UsageTracker(new ComparedSink(() => UsageScope.NoteTracked(tracker.BodySettings)));
        using UsageScope.CallScope scope = UsageScope.BeginCall(Track.Nothing, tracker.BodySettings);
        using (scope.Enter())
        {
            UsageScope.NoteTracked(other.BodySettings);
        }

        scope.IsTracked.Should().BeTrue();
    }

    // Two requests of a call end at once: one is noted while the sinks of the other are compared.
    private sealed class ComparedSink(Action whenCompared) : IUsageSink
    {
        public ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public override bool Equals(object? obj)
        {
            whenCompared();
            return false;
        }

        public override int GetHashCode() => 0;
    }
}
