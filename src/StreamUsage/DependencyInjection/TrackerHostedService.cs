using Microsoft.Extensions.Hosting;

namespace StreamUsage.DependencyInjection;

/// <summary>Stops a tracker with its host. The shutdown begins before any service stops, so that it runs in parallel
/// with the server's. <see cref="StopAsync"/> waits for its end.</summary>
internal sealed class TrackerHostedService(UsageTracker tracker, bool warmsUp) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (warmsUp)
        {
            _ = tracker.WarmUpAsync(CancellationToken.None);
        }

        return Task.CompletedTask;
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        _ = tracker.StopAsync(cancellationToken);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => tracker.StopAsync(cancellationToken);

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
