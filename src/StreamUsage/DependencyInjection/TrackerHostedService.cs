using Microsoft.Extensions.Hosting;

namespace StreamUsage.DependencyInjection;

/// <summary>Ends a tracker with its host: open responses and records on their way get their time, within the host's own limit.</summary>
internal sealed class TrackerHostedService(UsageTracker tracker) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => tracker.StopAsync(cancellationToken);
}
