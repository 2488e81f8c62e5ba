using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StreamUsage.Estimation;
using StreamUsage.Parsing;
using StreamUsage.Pricing;

namespace StreamUsage.DependencyInjection;

/// <summary>Creates and finds the trackers of a container.</summary>
internal static class TrackerFactory
{
    /// <summary>Returns a container's tracker.</summary>
    /// <param name="provider">The container.</param>
    /// <param name="name">The tracker's name; null or empty for the default one.</param>
    /// <exception cref="InvalidOperationException">There is no such tracker.</exception>
    public static UsageTracker Find(IServiceProvider provider, string? name) => string.IsNullOrEmpty(name)
        ? provider.GetService<UsageTracker>() ?? throw new InvalidOperationException(
            "There is no usage tracker: call services.AddStreamUsage() and add a sink.")
        : provider.GetKeyedService<UsageTracker>(name) ?? throw new InvalidOperationException(
            $"There is no usage tracker '{name}': call services.AddStreamUsage(\"{name}\") and add a sink.");

    /// <summary>Creates the tracker of this name with its sinks and its outbox.</summary>
    public static UsageTracker Create(IServiceProvider provider, string name)
    {
        StreamUsageOptions options = provider.GetRequiredService<IOptionsMonitor<StreamUsageOptions>>().Get(name)
            .FillIn(provider.GetService<ITokenEstimator>(), provider.GetService<IUsagePricing>(), provider.GetService<IMeterFactory>(),
                provider.GetServices<IUsageParser>());
        IUsageSink[] sinks =
            [.. provider.GetServices<SinkRegistration>().Where(sink => sink.TrackerName == name).Select(sink => sink.Sink(provider))];
        return new UsageTracker(sinks, options, provider.GetService<ILoggerFactory>(), provider.GetService<TimeProvider>(), name,
            provider.GetServices<OutboxRegistration>().LastOrDefault(outbox => outbox.TrackerName == name)?.Outbox(provider));
    }
}
