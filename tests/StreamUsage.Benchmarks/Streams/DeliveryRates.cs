using System.Diagnostics;
using System.Globalization;
using System.Threading.Channels;
using StreamUsage.Buffers;
using StreamUsage.Delivery;
using StreamUsage.Diagnostics;

namespace StreamUsage.Benchmarks.Streams;

/// <summary>What a sink gets a second where all is well, where it rejects some records, and where a record
/// hangs.</summary>
/// <remarks>Retries, batches and pauses are the defaults of the options.</remarks>
internal static class DeliveryRates
{
    private const int Records = 20_000, QueueRecords = 1_000_000, QueueRounds = 20;

    private static readonly TimeSpan CallTime = TimeSpan.FromMilliseconds(2);

    public static async Task<bool> RunAsync()
    {
        Console.WriteLine(
            $"Healthy records a second into a sink whose calls take {CallTime.TotalMilliseconds} ms ({Records:N0} records at once)");
        Console.WriteLine($"  {"",-44}{"all healthy",14}{"1 % rejected",14}{"ratio",8}");
        bool isGood = await CompareAsync("background, a batch is refused as a whole", inBackground: true, names: false);
        isGood &= await CompareAsync("background, the sink names the bad ones", inBackground: true, names: true);
        isGood &= await CompareAsync("inline", inBackground: false, names: false);

        Console.WriteLine();
        isGood &= await PacedAsync(hangs: false);
        isGood &= await PacedAsync(hangs: true);

        Console.WriteLine();
        isGood &= await CompareQueueAsync();
        return isGood;
    }

    private static async Task<bool> CompareAsync(string name, bool inBackground, bool names)
    {
        double healthy = await RateAsync(inBackground, names, rejectOneOf: 0);
        double rejected = await RateAsync(inBackground, names, rejectOneOf: 100);
        Console.WriteLine($"  {name,-44}{healthy,14:N0}{rejected,14:N0}{rejected / healthy,8:F2}");
        return rejected / healthy >= 0.5;
    }

    private static async Task<double> RateAsync(bool inBackground, bool names, int rejectOneOf)
    {
        int healthy = Records - (rejectOneOf == 0 ? 0 : Records / rejectOneOf);
        var sink = new PickySink(rejectOneOf, names, healthy);
        var tracker = new UsageTracker(
            sink, new StreamUsageOptions { Background = inBackground ? new BackgroundDeliveryOptions { Capacity = Records } : null });
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < Records; i++)
        {
            tracker.RecordFailure(new UsageContext { RequestId = $"{i}" });
        }

        await sink.AllHealthy;
        double rate = healthy / Stopwatch.GetElapsedTime(start).TotalSeconds;
        await tracker.DisposeAsync();
        return rate;
    }

    // A hundred records a second for half a minute, one in a hundred rejected or hanging: no other is dropped, none
    // waits long.
    private static async Task<bool> PacedAsync(bool hangs)
    {
        const int Seconds = 30;
        TimeSpan sinkTimeout = TimeSpan.FromSeconds(2);
        int count = 100 * Seconds, bad = hangs ? 1 : count / 100;
        var sink = new PickySink(hangs ? count : 100, names: false, count - bad) { Hangs = hangs };
        var tracker = new UsageTracker(
            sink, new StreamUsageOptions { SinkTimeout = sinkTimeout, Background = new BackgroundDeliveryOptions { Capacity = 1_000 } });
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        for (int i = 0; i < count && await timer.WaitForNextTickAsync(); i++)
        {
            sink.Sent[i] = Stopwatch.GetTimestamp();
            tracker.RecordFailure(new UsageContext { RequestId = $"{i}" });
        }

        await Task.WhenAny(sink.AllHealthy, Task.Delay(TimeSpan.FromSeconds(30)));
        TimeSpan longest = sink.LongestWait;
        Console.WriteLine(
            $"100 records a second, Capacity 1,000, {(hangs ? $"one hangs, SinkTimeout {sinkTimeout.TotalSeconds} s" : "1 % rejected")}: "
            + $"{sink.Healthy:N0} of {count - bad:N0} healthy ones delivered, the slowest after {longest.TotalSeconds:F2} s");
        bool isGood = sink.Healthy == count - bad && (!hangs || longest <= sinkTimeout + TimeSpan.FromSeconds(1));
        await tracker.DisposeAsync();
        return isGood;
    }

    // The same records through our queue and through a bare channel that is read in batches by hand.
    public static async Task<bool> CompareQueueAsync()
    {
        var record = new UsageRecord { Id = Guid.NewGuid() };
        var rates = new (double Ours, double Bare)[QueueRounds];
        for (int round = 0; round < rates.Length; round++)
        {
            rates[round] = (await OursAsync(record), await BareAsync(record));
        }

        (double Ours, double Bare)[] counted = rates[(QueueRounds / 4)..]; // The first rounds warm up.
        double ratio = counted.Select(static rate => rate.Ours / rate.Bare).Order().ElementAt(counted.Length / 2);
        Console.WriteLine(
            $"A sink that does nothing, {QueueRecords:N0} records a round: {counted.Max(static rate => rate.Ours):N0} a second at best, "
            + $"a bare channel with batches by hand {counted.Max(static rate => rate.Bare):N0}, median of the rounds' ratios {ratio:F2}");
        return ratio >= 0.5;
    }

    private static async Task<double> OursAsync(UsageRecord record)
    {
        var sink = new CountingBatchSink(QueueRecords);
        var options = new StreamUsageOptions { Background = new BackgroundDeliveryOptions { Capacity = 10_000 } };
        var delivery = new RecordDelivery(
            [sink], "", options, new BufferBudget(long.MaxValue), new UsageReporter(null, UsageMeter.For(null)), TimeProvider.System);
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < QueueRecords; i++)
        {
            await delivery.DeliverAsync(record, new Pending(), null);
        }

        await sink.Done;
        return QueueRecords / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static async Task<double> BareAsync(UsageRecord record)
    {
        var sink = new CountingBatchSink(QueueRecords);
        Channel<UsageRecord> channel = Channel.CreateBounded<UsageRecord>(new BoundedChannelOptions(10_000) { SingleReader = true });
        Task reading = Task.Run(ReadAsync);
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < QueueRecords; i++)
        {
            await channel.Writer.WriteAsync(record);
        }

        channel.Writer.Complete();
        await reading;
        return QueueRecords / Stopwatch.GetElapsedTime(start).TotalSeconds;

        async Task ReadAsync()
        {
            while (await channel.Reader.WaitToReadAsync())
            {
                var batch = new List<UsageRecord>(100);
                while (batch.Count < 100 && channel.Reader.TryRead(out UsageRecord? next))
                {
                    batch.Add(next);
                }

                await sink.RecordBatchAsync(batch, CancellationToken.None);
            }
        }
    }

    private sealed class Pending : PendingRecord
    {
        protected override void OnEnded(DeliveryResult result)
        {
        }
    }

    private sealed class CountingBatchSink(int expected) : IUsageSink
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _count;

        public Task Done => _done.Task;

        public ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken) => Count(1);

        public ValueTask RecordBatchAsync(IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken) => Count(records.Count);

        private ValueTask Count(int records)
        {
            if (Interlocked.Add(ref _count, records) == expected)
            {
                _done.SetResult();
            }

            return ValueTask.CompletedTask;
        }
    }

    /// <summary>A store that takes its time, and rejects (or hangs at) one record in so many.</summary>
    private sealed class PickySink(int badOneOf, bool names, int healthy) : IUsageSink
    {
        private readonly TaskCompletionSource _allHealthy = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _healthy;
        private long _longest;

        public bool Hangs { get; init; }

        public long[] Sent { get; } = new long[Records];

        public Task AllHealthy => _allHealthy.Task;

        public int Healthy => Volatile.Read(ref _healthy);

        public TimeSpan LongestWait => TimeSpan.FromTicks(Volatile.Read(ref _longest));

        public ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken) =>
            RecordBatchAsync([record], cancellationToken);

        public async ValueTask RecordBatchAsync(IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken)
        {
            await Task.Delay(CallTime, cancellationToken);
            Guid[] bad = [.. records.Where(IsBad).Select(static record => record.Id)];
            if (bad.Length != 0 && Hangs)
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }

            int taken = bad.Length == 0 ? records.Count : names ? records.Count - bad.Length : 0;
            foreach (UsageRecord record in taken == 0 ? [] : records)
            {
                long sent = Sent[Index(record)];
                long waited = sent == 0 ? 0 : Stopwatch.GetElapsedTime(sent).Ticks;
                InterlockedMax(ref _longest, waited);
            }

            if (Interlocked.Add(ref _healthy, taken) == healthy)
            {
                _allHealthy.TrySetResult();
            }

            if (bad.Length != 0)
            {
                throw names
                    ? new RejectedRecordsException(bad, "a column is too short") : new InvalidDataException("a column is too short");
            }
        }

        private static int Index(UsageRecord record) => int.Parse(record.Context.RequestId!, CultureInfo.InvariantCulture);

        private bool IsBad(UsageRecord record) => badOneOf != 0 && Index(record) % badOneOf == badOneOf / 2;

        private static void InterlockedMax(ref long target, long value)
        {
            long seen = Volatile.Read(ref target);
            while (value > seen && Interlocked.CompareExchange(ref target, value, seen) is var now && now != seen)
            {
                seen = now;
            }
        }
    }
}
