using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Framing;

/// <summary>A body that decodes to far more than any stream of events does. Measures the process's memory: nothing else
/// runs beside it.</summary>
[Collection(AloneCollection.Name)]
public sealed class BombTests
{
    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("zstd")]
    [InlineData("gzip, gzip")]
    public async Task A_bomb_costs_bounded_work_and_memory(string encoding)
    {
        byte[] body = Encoded.Encode(encoding, new byte[64 * 1024 * 1024]);
        body.Length.Should().BeLessThan(100 * 1024);
        var log = new RecordingLog();
        await using var tracker = new UsageTracker(new RecordingSink(), new StreamUsageOptions().AddZstd(), log);
        await using Stream tracked = tracker.Track(new PiecewiseStream(body, 16 * 1024),
            Track.Nothing, out UsageTracking tracking, new TrackedResponse { ContentEncoding = encoding });
        long before = GC.GetTotalAllocatedBytes(precise: true);

        await tracked.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken);

        UsageRecord record = await tracking.Completion;
        await tracker.DisposeAsync(); // What is logged and counted follows.
        (GC.GetTotalAllocatedBytes(precise: true) - before).Should().BeLessThan(12 * 1024 * 1024);
        record.Should().BeEquivalentTo(new { Outcome = StreamOutcome.Unreadable, BytesReceived = body.Length });
        log.Lines.Should().ContainSingle(line => line.EventId == 20).Which.Text.Should().EndWith("TooLarge");
    }
}
