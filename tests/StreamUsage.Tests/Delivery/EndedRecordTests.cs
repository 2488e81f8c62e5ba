using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Time.Testing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Delivery;

/// <summary>Records that every sink has are not kept, so that a tracker does not grow.</summary>
public sealed class EndedRecordTests
{
    private const int Count = 20;

    [Theory]
    [InlineData(false, 0)]
    [InlineData(false, 5)]
    [InlineData(true, 0)]
    [InlineData(true, 5)]
    public async Task A_delivered_record_is_let_go(bool isInBackground, int failures)
    {
        var time = new FakeTimeProvider();
        var sink = new WeakSink(failures);
        await using var tracker = new UsageTracker(
            sink,
            new StreamUsageOptions
            {
                SinkTimeout = TimeSpan.FromDays(1), // Time passes in leaps.
                MaxDeliveryAttempts = 10, // One record may have all the failures.
                RetryDelay = TimeSpan.Zero,
                Background = isInBackground ? new BackgroundDeliveryOptions() : null,
            },
            timeProvider: time);

        FinishAll(tracker);
        Task flushed = tracker.FlushAsync(TestContext.Current.CancellationToken);
        await Streams.PassUntil(time, TimeSpan.FromSeconds(1), () => flushed.IsCompleted);

        sink.Taken.Should().Be(Count);
        SpinWait.SpinUntil(sink.HasLost, TimeSpan.FromSeconds(30)).Should().BeTrue("the tracker has no use for them");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void FinishAll(UsageTracker tracker)
    {
        for (int i = 0; i < Count; i++)
        {
            Streams.Finish(tracker);
        }
    }

    /// <summary>Refuses some calls, and refers to records weakly.</summary>
    private sealed class WeakSink(int failures) : IUsageSink
    {
        private readonly ConcurrentQueue<WeakReference> _records = new();
        private int _calls;

        public int Taken => _records.Count;

        public ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken) =>
            RecordBatchAsync([record], cancellationToken);

        public ValueTask RecordBatchAsync(IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken)
        {
            if (Interlocked.Increment(ref _calls) <= failures)
            {
                throw new IOException();
            }

            foreach (UsageRecord record in records)
            {
                _records.Enqueue(new WeakReference(record));
            }

            return default;
        }

        public bool HasLost()
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return _records.All(static record => !record.IsAlive);
        }
    }
}
