using StreamUsage.Delivery;

namespace StreamUsage.Benchmarks.Live;

/// <summary>Nothing waits for ever, and what did not end is named.</summary>
internal static class TimeLimit
{
    public static Task RunAsync(Func<string> what, TimeSpan limit, Func<CancellationToken, Task> run) =>
        RunAsync(what, limit, async cancellationToken =>
        {
            await run(cancellationToken);
            return 0;
        });

    /// <exception cref="TimeoutException">It was asked to stop when the limit came, and is waited for no
    /// longer.</exception>
    public static async Task<T> RunAsync<T>(Func<string> what, TimeSpan limit, Func<CancellationToken, Task<T>> run)
    {
        using var stop = new CancellationTokenSource(limit);
        try
        {
            return await run(stop.Token).WaitAsync(stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            throw new TimeoutException($"{what()}: not done after {limit.TotalSeconds:F0} s.");
        }
    }
}
