namespace StreamUsage.Tests.Support;

/// <summary>Responses that only need to have ended.</summary>
internal static class Streams
{
    /// <summary>A response that nobody reads: its record follows.</summary>
    public static UsageTracking Finish(UsageTracker tracker, string? requestId = null)
    {
        tracker
            .Track(Stream.Null, requestId is null ? Track.Nothing : new UsageContext { RequestId = requestId }, out UsageTracking tracking)
            .Dispose();
        return tracking;
    }

    /// <summary>Lets time pass in steps until something has happened.</summary>
    public static async Task PassUntil(Microsoft.Extensions.Time.Testing.FakeTimeProvider time, TimeSpan step, Func<bool> hasHappened)
    {
        for (int i = 0; i < 20_000 && !hasHappened(); i++)
        {
            time.Advance(step);
            await Task.Yield();
            // What a step has set off has threads of its own, and comes before the next step. What takes many steps is
            // slow, as on a busy machine: a call of it that only waits for its turn is not to reach its time limit.
            SpinWait.SpinUntil(hasHappened, TimeSpan.FromMilliseconds(i < 1_000 ? 1 : 10));
        }

        hasHappened().Should().BeTrue("it happens in time");
    }
}
