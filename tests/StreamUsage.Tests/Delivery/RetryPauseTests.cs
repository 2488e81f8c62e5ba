using Microsoft.Extensions.Time.Testing;
using StreamUsage.Delivery;

namespace StreamUsage.Tests.Delivery;

public sealed class RetryPauseTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Pauses_double_up_to_the_longest_and_are_at_least_half_as_long()
    {
        var pause = new RetryPause(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), _time);
        foreach (int seconds in (int[])[1, 2, 4, 5, 5])
        {
            Task waiting = pause.WaitAsync(TestContext.Current.CancellationToken);

            _time.Advance(TimeSpan.FromMilliseconds((seconds * 500) - 1));
            waiting.IsCompleted.Should().BeFalse();
            _time.Advance(TimeSpan.FromMilliseconds((seconds * 500) + 2));
            await waiting.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task A_cancelled_token_ends_a_pause_without_an_exception()
    {
        using var stop = new CancellationTokenSource();
        Task waiting = new RetryPause(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), _time).WaitAsync(stop.Token);

        await stop.CancelAsync();

        await waiting;
    }
}
