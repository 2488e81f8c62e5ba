using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace StreamUsage.Diagnostics;

/// <summary>Reports prices: measures each, and logs each unpriced model once.</summary>
internal sealed class PricingReport(IMeterFactory? meterFactory)
{
    // A server that invents model names must not fill the log or the memory.
    private const int MaxNamed = 1000;

    private readonly PricingMeter _meter = new(meterFactory);
    private readonly ConcurrentDictionary<(string? Provider, string? Model, string Reason), bool> _named = new();

    /// <summary>Measures a record's price. Never throws.</summary>
    public void Record(in GenAICall call, MetricTags tags)
    {
        try
        {
            _meter.Record(call, tags);
        }
        catch (Exception)
        {
            // A listener's fault must not cost a record.
        }
    }

    /// <summary>Logs why a record has no price, unless the same was logged before.</summary>
    public void Write(ILogger logger, UsageRecord record)
    {
        string? model = record.UnpricedModel;
        if (record.UnpricedReason is not { } reason || model is null || _named.Count >= MaxNamed)
        {
            return;
        }

        string? provider = record.Context.Provider ?? record.Protocol;
        if (_named.TryAdd((provider, model, reason), true))
        {
            Log.ModelNotPriced(logger, LogText.Escape(model), LogText.Escape(provider), reason);
        }
    }
}
