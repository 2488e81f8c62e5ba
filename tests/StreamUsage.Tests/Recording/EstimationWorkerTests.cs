using Microsoft.Extensions.Time.Testing;
using StreamUsage.Recording.Building;

namespace StreamUsage.Tests.Recording;

/// <summary>Estimators and pricing run on threads of their own, and one that hangs blocks no other for good.</summary>
public sealed class EstimationWorkerTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1), Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_warm_up_that_hangs_does_not_keep_estimates_waiting()
    {
        var time = new FakeTimeProvider();
        var worker = new EstimationWorker(Timeout, time);
        using var mayEnd = new ManualResetEventSlim();
        Task[] warmUps = [.. Enumerable.Range(0, 2).Select(_ => worker.RunAsync(mayEnd.Wait, CancellationToken.None))];

        Task<int> estimate = worker.RunAsync(() => 1);
        for (int i = 0; i < 1000 && !estimate.IsCompleted; i++)
        {
            time.Advance(Timeout);
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        await estimate.Invoking(e => e.WaitAsync(Patience)).Should().ThrowAsync<TimeoutException>();
        warmUps[0].IsCompleted.Should().BeFalse("a warm-up has no time limit");
        mayEnd.Set();
        await warmUps[0].WaitAsync(Patience, TestContext.Current.CancellationToken);
        (await RunWhenFreeAsync(worker, () => 2)).Should().Be(2);
    }

    [Fact]
    public async Task Every_item_has_its_result_or_its_fault()
    {
        var worker = new EstimationWorker(Patience, TimeProvider.System);

        Task<int>[] items = [.. Enumerable.Range(0, 500).Select(i => worker.RunAsync(() => i == 250 ? throw new IOException() : i))];

        await items[250].Invoking(i => i.WaitAsync(Patience)).Should().ThrowAsync<IOException>();
        for (int i = 0; i < items.Length; i++)
        {
            (i == 250 ? i : await items[i].WaitAsync(Patience, TestContext.Current.CancellationToken)).Should().Be(i);
        }
    }

    // A thread is free a moment after its item has ended.
    private static async Task<int> RunWhenFreeAsync(EstimationWorker worker, Func<int> work)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (true)
        {
            try
            {
                return await worker.RunAsync(work).WaitAsync(limit.Token);
            }
            catch (TimeoutException)
            {
                await Task.Delay(1, limit.Token);
            }
        }
    }
}
