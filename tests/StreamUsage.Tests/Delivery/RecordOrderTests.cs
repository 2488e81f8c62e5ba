using Microsoft.Extensions.Time.Testing;
using StreamUsage.Estimation;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Delivery;

/// <summary>Records enter a queue in the order in which their responses ended, save those that wait for an
/// estimate.</summary>
public sealed class RecordOrderTests
{
    private const string Held = "held back";

    private static readonly string HeldText = Answers.ChatText.Replace("Eight ch", Held, StringComparison.Ordinal);

    [Fact]
    public async Task Records_that_need_no_estimate_arrive_in_order()
    {
        var sink = new TestSink();
        var tracker = new UsageTracker(sink, new StreamUsageOptions { Background = new BackgroundDeliveryOptions() });
        Streams.Finish(tracker, "first");
        await tracker.FlushAsync(TestContext.Current.CancellationToken); // From here on it is known that the sink takes no starts.

        for (int i = 0; i < 2_000; i++)
        {
            Streams.Finish(tracker, $"{i}");
        }

        await tracker.DisposeAsync();

        sink.Ids.Skip(1).Should().Equal(Enumerable.Range(0, 2_000).Select(i => $"{i}"));
    }

    [Fact]
    public async Task A_record_whose_estimate_hangs_delays_no_other_and_is_marked_uncertain()
    {
        using var mayEnd = new ManualResetEventSlim();
        var estimator = new HeldEstimator(mayEnd);
        var sink = new TestSink();
        var time = new FakeTimeProvider();
        UsageTracker tracker = Tracker(sink, estimator, time);
        UsageTracking held = await FinishAsync(tracker, HeldText, "held");
        _ = held.Completion;
        SpinWait.SpinUntil(() => estimator.Calls == 1, TimeSpan.FromSeconds(30)).Should().BeTrue();

        for (int i = 0; i < 100; i++)
        {
            await Streams.Finish(tracker, $"{i}").Completion;
        }

        held.Completion.IsCompleted.Should().BeFalse();
        await Streams.PassUntil(time, TimeSpan.FromSeconds(1), () => held.Completion.IsCompleted);
        UsageRecord record = await held.Completion;
        mayEnd.Set();

        record.OutputSource.Should().Be(TokenSource.Estimated, "the basic rule counts");
        record.Anomalies.Should().HaveFlag(UsageAnomalies.UncertainBill);
    }

    private static async Task<UsageTracking> FinishAsync(UsageTracker tracker, string answer, string id)
    {
        await using Stream body =
            tracker.Track(new ScriptedStream(answer), new UsageContext { RequestId = id }, out UsageTracking tracking);
        await Track.ReadToEndAsync(body);
        return tracking;
    }

    private static UsageTracker Tracker(IUsageSink sink, ITokenEstimator estimator, FakeTimeProvider time) =>
        new(sink, new StreamUsageOptions
        {
            Estimator = estimator,
            SinkTimeout = TimeSpan.FromDays(1),
            Background = new BackgroundDeliveryOptions(),
        }, timeProvider: time);

    private sealed class HeldEstimator(ManualResetEventSlim mayEnd) : ITokenEstimator
    {
        private int _calls;

        public int Calls => Volatile.Read(ref _calls);

        public int CountTokens(string? model, ReadOnlySpan<char> text) => 1;

        public long EstimateInputTokens(ApiFormat format, string? model, ReadOnlyMemory<byte> requestBody) => 1;

        public long EstimateOutputTokens(ApiFormat format, string? model, string text, long characters)
        {
            Interlocked.Increment(ref _calls);
            if (characters == Held.Length)
            {
                mayEnd.Wait();
            }

            return 1;
        }
    }
}
