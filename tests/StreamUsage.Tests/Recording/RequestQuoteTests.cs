using Microsoft.Extensions.Time.Testing;
using StreamUsage.Estimation;
using StreamUsage.Pricing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Recording;

/// <summary>What a tracker tells its estimator and its pricing for a quote.</summary>
public sealed class RequestQuoteTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly SeenPricing _pricing = new();

    [Fact]
    public void The_estimator_counts_the_input() => Quote(new byte[100]).InputTokens.Should().Be(1234);

    [Fact]
    public void A_body_over_the_limit_is_counted_by_its_size() => Quote(new byte[101]).InputTokens.Should().Be(25);

    [Fact]
    public void A_request_without_a_start_is_priced_as_of_now()
    {
        Quote(new byte[100]);

        _pricing.StartedAt.Should().Be(_time.GetUtcNow());
    }

    [Fact]
    public void A_request_is_priced_as_of_its_start()
    {
        DateTimeOffset start = _time.GetUtcNow() - TimeSpan.FromDays(1);

        Quote(new byte[100], start);

        _pricing.StartedAt.Should().Be(start);
    }

    private UsageQuote Quote(byte[] requestBody, DateTimeOffset? startedAt = null)
    {
        var options = new StreamUsageOptions { Estimator = new KnownEstimator(), MaxRequestBodyBytes = 100, Pricing = _pricing };
        return new UsageTracker(new RecordingSink(), options, timeProvider: _time)
            .Quote(new UsageContext { RequestBody = requestBody, RequestStartedAt = startedAt });
    }

    private sealed class KnownEstimator : ITokenEstimator
    {
        public int CountTokens(string? model, ReadOnlySpan<char> text) => 1;

        public long EstimateInputTokens(ApiFormat format, string? model, ReadOnlyMemory<byte> requestBody) => 1234;

        public long EstimateOutputTokens(ApiFormat format, string? model, string text, long characters) => 1;
    }

    private sealed class SeenPricing : IUsagePricing
    {
        public DateTimeOffset? StartedAt { get; private set; }

        public UsageCost? Price(UsageRecord record) => null;

        public UsageQuote? Quote(UsageContext context, long inputTokens)
        {
            StartedAt = context.RequestStartedAt;
            return null;
        }
    }
}
