using Microsoft.Extensions.Time.Testing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Delivery;

/// <summary>The object of a sink call serves the next call. Neither may notice.</summary>
public sealed class CallReuseTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task A_later_call_has_its_whole_time_and_a_token_of_its_own()
    {
        var time = new FakeTimeProvider();
        var sink = new SecondCallHangs();
        var options = new StreamUsageOptions { SinkTimeout = 10 * Second, RetryDelay = TimeSpan.Zero };
        await using var tracker = new UsageTracker(sink, options, timeProvider: time);
        await Streams.Finish(tracker).Completion;
        time.Advance(9 * Second);

        UsageTracking second = Streams.Finish(tracker);
        _ = second.Completion; // Hurries the record.
        SpinWait.SpinUntil(() => sink.Calls == 2, 30 * Second).Should().BeTrue();
        time.Advance(9 * Second);
        sink.Tokens.Should().AllSatisfy(token => token.IsCancellationRequested.Should().BeFalse());
        time.Advance(Second); // No further: the third call has its limit too.

        DeliveryResult result = await second.Delivery.WaitAsync(30 * Second, TestContext.Current.CancellationToken);
        result.Should().Be(DeliveryResult.Delivered);
        sink.Tokens.Select(token => token.IsCancellationRequested).Should().Equal(false, true, false);
    }

    private sealed class SecondCallHangs : IUsageSink
    {
        private readonly List<CancellationToken> _tokens = [];

        public int Calls => Tokens.Length;

        public CancellationToken[] Tokens
        {
            get
            {
                lock (_tokens)
                {
                    return [.. _tokens];
                }
            }
        }

        public ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken)
        {
            lock (_tokens)
            {
                _tokens.Add(cancellationToken);
                return _tokens.Count == 2 ? new(new TaskCompletionSource().Task) : ValueTask.CompletedTask;
            }
        }
    }
}
