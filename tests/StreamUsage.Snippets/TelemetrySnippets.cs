using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace StreamUsage.Snippets;

internal static class TelemetrySnippets
{
    public static void AddOpenTelemetry(WebApplicationBuilder builder)
    {
        #region telemetry
        builder.Services.AddOpenTelemetry()
            .WithMetrics(metrics => metrics.AddMeter("StreamUsage"))
            .WithTracing(traces => traces.AddSource("StreamUsage"));
        #endregion
    }

    public static void AddTag(WebApplicationBuilder builder)
    {
        #region telemetry-tags
        builder.Services.AddStreamUsage(options => options.MetricTags.Add("tenant")).AddSink<UsageDbSink>();
        #endregion
    }
}
