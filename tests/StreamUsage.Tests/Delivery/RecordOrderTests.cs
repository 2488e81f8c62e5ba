using Microsoft.Extensions.Time.Testing;
using StreamUsage.Estimation;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Delivery;

/// <summary>In the background records come in the order in which their responses ended, however long the making of each takes.</summary>
public sealed class RecordOrderTests
{
    private const string Held = "held back";

    private static readonly string HeldText = Answers.ChatText.Replace("Eight ch", Held, StringComparison.Ordinal);

    [Fact]
    public async Task Records_that_are_estimated_are_not_overtaken_by_those_that_are_not()
    {
        const int Count = 60;
        using var mayEnd = new ManualResetEventSlim();
        var estimator = new HeldEstimator(mayEnd);
        var sink = new TestSink();
        UsageTracker tracker = Tracker(sink, estimator, new FakeTimeProvider());
        var trackings = new List<UsageTracking> { await FinishAsync(tracker, HeldText, "0") };
        for (int i = 1; i < Count; i++)
        {
            trackings.Add(await FinishAsync(tracker, i % 3 == 0 ? Answers.ChatText : Answers.Claude, $"{i}"));
        }

        SpinWait.SpinUntil(() => estimator.Calls == Count / 3, TimeSpan.FromSeconds(30)).Should().BeTrue("estimates do not wait for each other");
        trackings.Should().NotContain(tracking => tracking.Completion.IsCompleted, "the first is held back");
        mayEnd.Set();
        await Task.WhenAll(trackings.Select(tracking => tracking.Completion));
        await tracker.DisposeAsync();

        sink.Ids.Should().Equal(Enumerable.Range(0, Count).Select(i => $"{i}"));
    }

    [Fact]
    public async Task An_estimate_that_hangs_holds_the_others_for_its_time_limit_only()
    {
        const int Count = 5_000; // So many turns that end at once must not end the stack.
        using var mayEnd = new ManualResetEventSlim();
        var estimator = new HeldEstimator(mayEnd);
        var sink = new TestSink();
        var time = new FakeTimeProvider();
        UsageTracker tracker = Tracker(sink, estimator, time);
        var trackings = new List<UsageTracking> { await FinishAsync(tracker, HeldText, "0") };
        for (int i = 1; i < Count; i++)
        {
            trackings.Add(Streams.Finish(tracker, $"{i}"));
        }

        SpinWait.SpinUntil(() => estimator.Calls == 1, TimeSpan.FromSeconds(30)).Should().BeTrue();
        await Streams.PassUntil(time, TimeSpan.FromDays(1), () => trackings.TrueForAll(tracking => tracking.Completion.IsCompleted));
        await Streams.PassUntil(time, TimeSpan.FromMilliseconds(200), () => sink.Taken.Count == Count);
        mayEnd.Set();

        sink.Ids.Should().Equal(Enumerable.Range(0, Count).Select(i => $"{i}"));
        sink.Taken.First().OutputSource.Should().Be(TokenSource.Estimated, "the basic rule serves");
    }

    private static async Task<UsageTracking> FinishAsync(UsageTracker tracker, string answer, string id)
    {
        await using Stream body = tracker.Track(new ScriptedStream(answer), new UsageContext { RequestId = id }, out UsageTracking tracking);
        await Track.ReadToEndAsync(body);
        return tracking;
    }

    private static UsageTracker Tracker(IUsageSink sink, ITokenEstimator estimator, FakeTimeProvider time) =>
        new(sink, new StreamUsageOptions { Estimator = estimator, SinkTimeout = TimeSpan.FromDays(1), Background = new BackgroundDeliveryOptions() }, timeProvider: time);

    private sealed class HeldEstimator(ManualResetEventSlim mayEnd) : ITokenEstimator
    {
        private int _calls;

        public int Calls => Volatile.Read(ref _calls);

        public int CountTokens(string? model, ReadOnlySpan<char> text) => 1;

        public long EstimateInputTokens(ApiFormat format, string? model, ReadOnlyMemory<byte> requestBody) => 1;

        public long EstimateOutputTokens(ApiFormat format, string? model, ModelOutput output)
        {
            Interlocked.Increment(ref _calls);
            if (output.Characters == Held.Length)
            {
                mayEnd.Wait();
            }

            return 1;
        }
    }
}
