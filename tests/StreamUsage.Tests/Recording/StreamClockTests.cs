using Microsoft.Extensions.Time.Testing;
using StreamUsage.Recording;

namespace StreamUsage.Tests.Recording;

/// <summary>The time since a response began, or its request if that is known.</summary>
public sealed class StreamClockTests
{
    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(null, 3)]
    [InlineData(-5, 8)]
    [InlineData(0, 3)]
    [InlineData(5, 3)] // The caller's clock is ahead.
    public void The_time_before_the_response_counts(int? requestStartedAfter, int seconds)
    {
        var clock = new StreamClock(_time, After(requestStartedAfter));

        _time.Advance(TimeSpan.FromSeconds(3));

        clock.Elapsed(clock.Now()).Should().Be(TimeSpan.FromSeconds(seconds));
    }

    [Theory]
    [InlineData(-5, 8)]
    [InlineData(0, 3)]
    [InlineData(5, 3)]
    public void StartAt_adds_the_time_before_the_response(int requestStartedAfter, int seconds)
    {
        StreamClock clock = new StreamClock(_time, null).StartAt(After(requestStartedAfter)!.Value);

        _time.Advance(TimeSpan.FromSeconds(3));

        clock.Elapsed(clock.Now()).Should().Be(TimeSpan.FromSeconds(seconds));
    }

    [Fact]
    public void A_time_before_the_start_is_no_time()
    {
        var clock = new StreamClock(_time, null);

        clock.Elapsed(clock.Now() - 1).Should().Be(TimeSpan.Zero);
    }

    [Fact]
    public void NowRoughly_is_exact_on_another_clock_than_the_systems()
    {
        var clock = new StreamClock(_time, null);

        _time.Advance(TimeSpan.FromMilliseconds(7));

        clock.NowRoughly().Should().Be(_time.GetTimestamp());
    }

    private DateTimeOffset? After(int? seconds) => seconds is { } s ? _time.GetUtcNow() + TimeSpan.FromSeconds(s) : null;
}
