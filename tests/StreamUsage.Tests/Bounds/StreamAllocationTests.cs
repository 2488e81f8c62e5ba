using System.Diagnostics;
using System.Reflection;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Bounds;

/// <summary>What a tracked stream allocates beside its reading.</summary>
[Collection(AloneCollection.Name)] // All threads' allocations are counted.
public sealed class StreamAllocationTests
{
    private const int Streams = 400;

    // The target of the benchmark "stream" is 3,072 bytes, over the same stream untracked. Without optimization, each
    // asynchronous method allocates its state, even if it completes at once.
    private static readonly int AllowedBytes =
        typeof(UsageTracker).Assembly.GetCustomAttribute<DebuggableAttribute>() is { IsJITOptimizerDisabled: true } ? 5_632 : 3_328;

    private static readonly byte[] Body = Answers.Bytes(
        Answers.ClaudeStart + string.Concat(Enumerable.Repeat(Answers.ClaudeText, 47)) + Answers.ClaudeDelta + Answers.ClaudeStop);

    [Fact]
    public async Task A_tracked_stream_allocates_at_most_three_kilobytes_more_than_an_untracked_one()
    {
        var sink = new CountingSink();
        await using var tracker = new UsageTracker(sink, new StreamUsageOptions { Capture = CapturedContent.None });
        double tracked = double.MaxValue, untracked = double.MaxValue;
        for (int round = 0; round < 8; round++)
        {
            // The first rounds compile, and other threads of the process may allocate in any.
            tracked = Math.Min(tracked, Measure(tracker, sink));
            untracked = Math.Min(untracked, Measure(null, sink));
        }

        (tracked - untracked).Should().BeInRange(1_024, AllowedBytes);
    }

    private static double Measure(UsageTracker? tracker, CountingSink sink)
    {
        byte[] buffer = new byte[4096];
        long recorded = sink.Recorded;
        long before = GC.GetTotalAllocatedBytes(precise: true);
        for (int i = 1; i <= Streams; i++)
        {
            using var response = new HttpResponseMessage { Content = new StreamContent(new MemoryStream(Body)) };
            if (tracker is not null)
            {
                response.TrackUsage(tracker, Track.Nothing);
            }

            Stream stream = response.Content.ReadAsStream();
            while (stream.Read(buffer) != 0)
            {
            }

            if (tracker is not null && i % 50 == 0)
            {
                SpinWait.SpinUntil(() => sink.Recorded == recorded + i, TimeSpan.FromSeconds(30)).Should().BeTrue();
            }
        }

        return (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)Streams;
    }

    private sealed class CountingSink : IUsageSink
    {
        private long _recorded;

        public long Recorded => Interlocked.Read(ref _recorded);

        public ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _recorded);
            return ValueTask.CompletedTask;
        }
    }
}
