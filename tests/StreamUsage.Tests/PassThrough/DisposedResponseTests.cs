using System.Runtime.CompilerServices;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.PassThrough;

/// <summary>A response that was disposed before it is tracked is refused before anything is built.</summary>
public sealed class DisposedResponseTests
{
    [Fact]
    public async Task A_disposed_response_is_refused_and_has_no_record()
    {
        using var meters = new Meters();
        var sink = new RecordingSink();
        await using var tracker = new UsageTracker(sink, new StreamUsageOptions { MeterFactory = meters });

        Refuse(tracker);
        GC.Collect();
        GC.WaitForPendingFinalizers(); // A tracked body would end here.
        await tracker.FlushAsync(TestContext.Current.CancellationToken);

        sink.Records.Should().BeEmpty();
        meters.Observe();
        meters.Last("streamusage.streams.open").Should().Be(0);
    }

    [Fact]
    public void A_response_that_was_tracked_before_its_dispose_keeps_its_handle()
    {
        HttpResponseMessage response = Track.Response(Answers.Claude);
        var sink = new RecordingSink();
        UsageTracking tracking = response.TrackUsage(sink, Track.Nothing);

        response.Dispose();

        response.TrackUsage(sink, Track.Nothing).Should().BeSameAs(tracking);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Refuse(UsageTracker tracker)
    {
        HttpResponseMessage response = Track.Response(Answers.Claude);
        response.Dispose();

        response.Invoking(r => r.TrackUsage(tracker, Track.Nothing)).Should().Throw<ObjectDisposedException>();
    }
}
