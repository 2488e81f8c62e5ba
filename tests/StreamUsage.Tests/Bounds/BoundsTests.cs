using StreamUsage.Estimation;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Bounds;

/// <summary>Bodies that never end, or hold one thing that does not: the memory that a tracked stream keeps is bounded,
/// and the work is in proportion to the bytes.</summary>
[Collection(AloneCollection.Name)]
public sealed class BoundsTests
{
    private const int MaxEventBytes = 64 * 1024;
    private const int MaxLiveBytes = 64 * 1024;
    private const int Streams = 16;

    public static TheoryData<string> Bodies { get; } = [.. EndlessBody.Names];

    private static StreamUsageOptions Options => new() { MaxEventBytes = MaxEventBytes, Estimator = new CharacterTokenEstimator() };

    [Fact]
    public async Task A_hundred_megabytes_of_one_event_are_read_and_their_usage_counts()
    {
        UsageRecord record = await ReadAsync(EndlessBody.Make("one event of text", 100 * 1024 * 1024));

        record.Should().Match<UsageRecord>(r => r.Usage.InputTokens == 5
            && r.Usage.OutputTokens == 7 && r.Outcome == StreamOutcome.Completed && r.EventCount == 1 && r.SkippedEvents == 0);
    }

    [Fact]
    public async Task A_million_tiny_events_are_counted()
    {
        var body = new EndlessBody(
            "", "data:{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}]}\n\n", "data: [DONE]\n\n", 1_000_000);

        UsageRecord record = await ReadAsync(body);

        record.Should().Match<UsageRecord>(
            r => r.EventCount == 1_000_001 && r.SkippedEvents == 0 && r.OutputCharacters == 1_000_000 && r.Usage.OutputTokens == 250_000);
    }

    [Theory]
    [InlineData("one event that is not JSON", 1, StreamOutcome.Completed)]
    [InlineData("data lines of one event", 1, StreamOutcome.Completed)]
    [InlineData("an endless line", 0, StreamOutcome.Interrupted)]
    [InlineData("comments", 0, StreamOutcome.Completed)]
    [InlineData("brackets without end", 0, StreamOutcome.Unreadable)]
    public async Task What_was_over_the_limit_and_could_not_be_read_is_counted_as_skipped(string name, long skipped, StreamOutcome outcome)
    {
        UsageRecord record = await ReadAsync(EndlessBody.Make(name, 1024 * 1024));

        (record.SkippedEvents, record.Outcome).Should().Be((skipped, outcome));
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task The_live_memory_of_a_stream_is_bounded(string name)
    {
        const int Length = 512 * 1024;
        await ReadAsync(EndlessBody.Make(name, Length)); // What is made once stays.
        await using var tracker = new UsageTracker(new RecordingSink(), Options);
        var streams = new Stream[Streams];
        var trackings = new UsageTracking[Streams];
        var buffer = new byte[4096];
        EndlessBody[] bodies = [.. Enumerable.Range(0, Streams).Select(_ => EndlessBody.Make(name, Length))];
        long before = Live();
        for (int i = 0; i < Streams; i++)
        {
            streams[i] = tracker.Track(bodies[i], Track.Nothing, out trackings[i]);
            for (int left = Length - 8192; left > 0;)
            {
                left -= streams[i].Read(buffer);
            }
        }

        long live = (Live() - before) / Streams;
        trackings.Should().OnlyContain(tracking => !tracking.Completion.IsCompleted);
        live.Should().BeLessThan(MaxLiveBytes + MaxEventBytes, "that is what each of the streams keeps");
        foreach (Stream stream in streams)
        {
            await stream.DisposeAsync();
        }

        await Task.WhenAll(trackings.Select(tracking => tracking.Completion));
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task The_work_is_in_proportion_to_the_bytes(string name)
    {
        // Eight times the bytes may take eight times as long; work that grows with their square takes 64 times.
        const int Length = 256 * 1024;
        const int Times = 8;
        await ReadAsync(EndlessBody.Make(name, Length));
        (TimeSpan small, long smallBytes) = await MeasureAsync(name, Length);
        (TimeSpan large, long largeBytes) = await MeasureAsync(name, Length * Times);

        large.Should().BeLessThan((small * Times * 4) + TimeSpan.FromMilliseconds(200));
        largeBytes.Should().BeLessThan((smallBytes * Times * 2) + (1024 * 1024));
    }

    private static async Task<(TimeSpan Time, long Allocated)> MeasureAsync(string name, int length)
    {
        TimeSpan best = TimeSpan.MaxValue;
        long allocated = 0;
        for (int i = 0; i < 2; i++)
        {
            using EndlessBody body = EndlessBody.Make(name, length);
            long before = GC.GetTotalAllocatedBytes();
            TimeSpan start = Environment.CpuUsage.TotalTime; // What else the machine does is not measured.
            await ReadAsync(body);
            TimeSpan time = Environment.CpuUsage.TotalTime - start;
            best = time < best ? time : best;
            allocated = GC.GetTotalAllocatedBytes() - before;
        }

        return (best, allocated);
    }

    private static async Task<UsageRecord> ReadAsync(EndlessBody body)
    {
        await using Stream tracked = Track.Stream(body, out UsageTracking tracking, out _, Options);
        var buffer = new byte[16 * 1024];
        while (tracked.Read(buffer) != 0)
        {
        }

        return await tracking.Completion;
    }

    private static long Live()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return GC.GetTotalMemory(forceFullCollection: true);
    }
}
