using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace StreamUsage.Diagnostics;

/// <summary>Reports prices: measures costs by model, unpriced records by reason, and differences to the cost that the
/// provider reported. Logs each unpriced model once.</summary>
internal sealed class PricingReport
{
    // A server that invents model names must not fill the log or the memory.
    private const int MaxLogged = 1000;

    private readonly Counter<double> _cost;
    private readonly Counter<long> _unpriced;
    private readonly Histogram<double> _difference;
    private readonly BoundedNames _models = new(), _providers = new(), _operations = new(), _currencies = new();
    private readonly ConcurrentDictionary<(string? Provider, string? Model, string Reason), bool> _logged = new();

    public PricingReport(IMeterFactory? meterFactory)
    {
        Meter meter = UsageMeter.MeterOf(meterFactory);
        _cost = meter.CreateCounter<double>(
            "streamusage.cost", "{USD}",
            "The cost of responses, by price table entry, provider and operation. Another currency is an attribute.");
        _unpriced = meter.CreateCounter<long>("streamusage.records.unpriced", "{record}", "Records that could not be priced, by reason.");
        _difference = meter.CreateHistogram<double>(
            "streamusage.cost.difference", "{USD}",
            "The computed cost minus the cost that the provider reported, by entry; of costs in US dollars.");
    }

    /// <summary>Measures the price of a record.</summary>
    public void Record(in GenAICall call, MetricTags tags)
    {
        UsageRecord record = call.Record;
        if (record.Cost is not { } cost)
        {
            if (record.UnpricedReason is { } reason)
            {
                _unpriced.Add(1, new KeyValuePair<string, object?>("reason", reason));
            }

            return;
        }

        bool isDollar = cost.Currency == "USD";
        if (_cost.Enabled)
        {
            var attributes = new TagList
            {
                { "model", _models.Get(cost.PricedAs) },
                { "provider", _providers.Get(call.Provider) },
                { "operation", _operations.Get(call.Operation) },
            };
            if (!isDollar)
            {
                attributes.Add("currency", _currencies.Get(cost.Currency));
            }

            tags.AddTo(ref attributes, record.Context);
            _cost.Add((double)cost.Total, attributes);
        }

        if (isDollar && record.ReportedCost is { } reported && _difference.Enabled)
        {
            _difference.Record((double)(cost.Total - reported), new KeyValuePair<string, object?>("model", _models.Get(cost.PricedAs)));
        }
    }

    /// <summary>Logs why a record has no price, unless the same was logged before.</summary>
    public void Write(ILogger logger, UsageRecord record)
    {
        string? model = record.UnpricedModel;
        if (record.UnpricedReason is not { } reason || model is null || _logged.Count >= MaxLogged)
        {
            return;
        }

        string? provider = record.Context.Provider ?? record.Protocol;
        if (_logged.TryAdd((provider, model, reason), true))
        {
            Log.ModelNotPriced(logger, LogText.Escape(model), LogText.Escape(provider), reason);
        }
    }
}
