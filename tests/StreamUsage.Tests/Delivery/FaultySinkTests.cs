using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Delivery;

/// <summary>A store that fails, hangs, lies and goes away, under more records than it can take: all are there in the
/// end, once each, and no more than the queue holds was ever kept.</summary>
[Collection(AloneCollection.Name)]
public sealed class FaultySinkTests
{
    private const int Readers = 50, RecordsEach = 2_000, Capacity = 2_000;

    [Fact]
    public async Task Every_record_arrives_once()
    {
        var store = new FaultyStore();
        var options = new StreamUsageOptions
        {
            SinkTimeout = TimeSpan.FromMilliseconds(100),
            RetryDelay = TimeSpan.FromMilliseconds(1),
            MaxDeliveryAttempts = 20, // No record fails so often by chance, also where a busy machine ends calls.
            Background = new BackgroundDeliveryOptions
            {
                Capacity = Capacity,
                FullQueueTimeout = TimeSpan.FromMinutes(10),
                MaxBatchDelay = TimeSpan.FromMilliseconds(5),
                ShutdownTimeout = TimeSpan.FromMinutes(10),
            },
        };
        long before = GC.GetTotalMemory(forceFullCollection: true), most = 0;
        await using (var tracker = new UsageTracker(store, options))
        {
            await Task.WhenAll(Enumerable.Range(0, Readers).Select(reader => Task.Run(async () =>
            {
                for (int i = 0; i < RecordsEach; i++)
                {
                    UsageTracking tracking = Streams.Finish(tracker, $"{reader}/{i}");
                    (await tracking.Delivery).Should().Be(DeliveryResult.Queued);
                    if (reader == 0 && i % 500 == 250)
                    {
                        most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - before - store.Bytes);
                    }
                }
            })));
        }

        store.Ids.Should().HaveCount(Readers * RecordsEach).And.OnlyHaveUniqueItems();
        foreach (IGrouping<string, int> reader in store.Ids.Select(id => id.Split('/'))
            .GroupBy(id => id[0], id => int.Parse(id[1], System.Globalization.CultureInfo.InvariantCulture)))
        {
            reader.Should().HaveCount(RecordsEach);
        }

        (store.Failures, store.Hangs, store.Refusals).Should().Match<(int Failures, int Hangs, int Refusals)>(
            s => s.Failures > 100 && s.Hangs > 1 && s.Refusals > 0, "a store that works proves nothing");
        most.Should().BeLessThan(2 * Capacity * 4_000, "the queue and as many that wait, at some kilobytes each");
    }

    /// <summary>Takes a record under its id as often as it comes. Of its calls 30 % fail (half of them after having
    /// stored some), 1 % hang, and for a while all are refused.</summary>
    private sealed class FaultyStore : IUsageSink
    {
        private readonly Random _random = new(7);
        private readonly HashSet<Guid> _known = [];
        private long _downUntil;
        private bool _wasDown;

        public List<string> Ids { get; } = [];

        public int Failures { get; private set; }

        public int Hangs { get; private set; }

        public int Refusals { get; private set; }

        /// <summary>About what the store itself holds.</summary>
        public long Bytes => 150L * Ids.Count;

        public ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken) =>
            RecordBatchAsync([record], cancellationToken);

        public ValueTask RecordBatchAsync(IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken)
        {
            lock (_known)
            {
                if (!_wasDown && Ids.Count > 40_000)
                {
                    _wasDown = true;
                    _downUntil = Environment.TickCount64 + 300;
                }

                if (Environment.TickCount64 < _downUntil)
                {
                    Refusals++;
                    throw new IOException("down");
                }

                double fate = _random.NextDouble();
                if (fate < 0.01)
                {
                    Hangs++;
                    return new ValueTask(Task.Delay(Timeout.Infinite, cancellationToken));
                }

                bool fails = fate < 0.31;
                int stored = !fails ? records.Count : fate < 0.15 ? 0 : _random.Next(records.Count + 1);
                foreach (UsageRecord record in records.Take(stored))
                {
                    if (_known.Add(record.Id))
                    {
                        Ids.Add(record.Context.RequestId!);
                    }
                }

                if (fails)
                {
                    Failures++;
                    throw new IOException("failed");
                }

                return ValueTask.CompletedTask;
            }
        }
    }
}
