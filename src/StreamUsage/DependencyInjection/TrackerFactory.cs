using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StreamUsage.Estimation;
using StreamUsage.Parsing;
using StreamUsage.Pricing;

namespace StreamUsage.DependencyInjection;

/// <summary>Creates a container's tracker.</summary>
internal static class TrackerFactory
{
    public static UsageTracker Create(IServiceProvider provider, string name)
    {
        StreamUsageOptions options = provider.GetRequiredService<IOptionsMonitor<StreamUsageOptions>>().Get(name)
            .FillIn(provider.GetService<ITokenEstimator>(), provider.GetService<IUsagePricing>(), provider.GetServices<IUsageParser>());
        IUsageSink[] sinks =
            [.. provider.GetServices<SinkRegistration>().Where(sink => sink.TrackerName == name).Select(sink => sink.Sink(provider))];
        return new UsageTracker(sinks, options, provider.GetService<ILoggerFactory>(), provider.GetService<TimeProvider>(),
            options.MeterFactory ?? provider.GetService<IMeterFactory>(), name,
            provider.GetServices<OutboxRegistration>().LastOrDefault(outbox => outbox.TrackerName == name)?.Outbox(provider));
    }
}
