using System.Collections;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using StreamUsage.Accounting;
using StreamUsage.Parsing;
using StreamUsage.Pricing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Recording;

/// <summary>A stop delivers the records that are still being made.</summary>
public sealed class ShutdownRecordTests
{
    // The first one is that of the delivery.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20), Patience = TimeSpan.FromMinutes(2);

    private readonly TimerCountingTime _time = new();
    private readonly TestSink _sink = new();

    [Fact]
    public async Task Records_that_still_wait_for_a_price_when_the_time_is_over_are_delivered_without_it()
    {
        using var mayEnd = new ManualResetEventSlim();
        var pricing = new HeldPricing(mayEnd);
        UsageTracker tracker = Tracker(new StreamUsageOptions { Pricing = pricing, EstimationTimeout = TimeSpan.FromHours(1) });
        for (int i = 0; i < 5; i++)
        {
            Streams.Finish(tracker, $"{i}");
        }

        try
        {
            SpinWait.SpinUntil(() => pricing.IsCalled, Patience).Should().BeTrue();
            Task stop = tracker.StopAsync(CancellationToken.None);
            SpinWait.SpinUntil(() => _time.LimitsOf(Limit) != 0, Patience).Should().BeTrue();
            _time.Advance(Limit); // No further: the records have time of their own.
            await stop.WaitAsync(Patience, TestContext.Current.CancellationToken);
        }
        finally
        {
            mayEnd.Set();
        }

        _sink.Ids.Should().BeEquivalentTo(Enumerable.Range(0, 5).Select(i => $"{i}"));
        _sink.Taken.Should().OnlyContain(record => record.UnpricedReason == UnpricedReasons.PricingTimeout);
    }

    [Fact]
    public async Task A_response_that_ends_just_when_it_would_be_interrupted_is_waited_for()
    {
        using var mayEnd = new ManualResetEventSlim();
        var units = new HeldUnits(mayEnd);
        StreamUsageOptions options = new StreamUsageOptions { TagCallerActivity = true, ShutdownGracePeriod = TimeSpan.Zero }
            .AddParser(new ApiFormat("HELD"), new HeldParser(units));
        UsageTracker tracker = Tracker(options);
        using Activity caller = new Activity("caller").Start();
        Stream stream = tracker.Track(new ScriptedStream(Answers.ClaudeStart), new UsageContext { RequestId = "1" }, out _);
        await stream.ReadExactlyAsync(new byte[Answers.ClaudeStart.Length], TestContext.Current.CancellationToken);
        Task ending = Task.Run(() => stream.Dispose(), TestContext.Current.CancellationToken);
        Task stop;
        try
        {
            // The reader's thread describes the response on the caller's activity. It has ended, and has no record yet.
            SpinWait.SpinUntil(() => units.IsCalled, Patience).Should().BeTrue();
            stop = tracker.StopAsync(CancellationToken.None);
            SpinWait.SpinUntil(() => _time.LimitsOf(Limit) != 0 || stop.IsCompleted, Patience).Should().BeTrue();
            stop.IsCompleted.Should().BeFalse();
        }
        finally
        {
            mayEnd.Set();
        }

        await ending.WaitAsync(Patience, TestContext.Current.CancellationToken);
        await stop.WaitAsync(Patience, TestContext.Current.CancellationToken);
        _sink.Ids.Should().Equal("1");
    }

    private UsageTracker Tracker(StreamUsageOptions options)
    {
        options.SinkTimeout = TimeSpan.FromDays(1);
        options.Background = new BackgroundDeliveryOptions { MaxBatchDelay = TimeSpan.Zero, ShutdownTimeout = Limit };
        return new UsageTracker(_sink, options, timeProvider: _time);
    }

    private sealed class HeldPricing(ManualResetEventSlim mayEnd) : IUsagePricing
    {
        private volatile bool _isCalled;

        public bool IsCalled => _isCalled;

        public UsageCost? Price(UsageRecord record)
        {
            _isCalled = true;
            mayEnd.Wait();
            return null;
        }
    }

    private sealed class HeldParser(HeldUnits units) : IUsageParser
    {
        public string Protocol => "held";

        public ParserMatch Match(StreamEvent streamEvent) => ParserMatch.Certain;

        public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state) => state with { BilledUnits = units };
    }

    private sealed class HeldUnits(ManualResetEventSlim mayEnd) : IReadOnlyDictionary<string, decimal>
    {
        private volatile bool _isCalled;

        public bool IsCalled => _isCalled;

        public int Count
        {
            get
            {
                _isCalled = true;
                mayEnd.Wait();
                return 0;
            }
        }

        public IEnumerable<string> Keys => [];

        public IEnumerable<decimal> Values => [];

        public decimal this[string key] => throw new KeyNotFoundException();

        public bool ContainsKey(string key) => false;

        public bool TryGetValue(string key, [MaybeNullWhen(false)] out decimal value)
        {
            value = default;
            return false;
        }

        public IEnumerator<KeyValuePair<string, decimal>> GetEnumerator() =>
            Enumerable.Empty<KeyValuePair<string, decimal>>().GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
