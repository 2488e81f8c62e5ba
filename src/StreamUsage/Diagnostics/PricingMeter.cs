using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace StreamUsage.Diagnostics;

/// <summary>Measures costs by model, unpriced records by reason, and differences to the provider's own cost.</summary>
internal sealed class PricingMeter
{
    private readonly Counter<double> _cost;
    private readonly Counter<long> _unpriced;
    private readonly Histogram<double> _difference;
    private readonly BoundedNames _models = new(), _providers = new(), _operations = new(), _currencies = new();

    public PricingMeter(IMeterFactory? factory)
    {
        Meter meter = UsageMeter.MeterOf(factory);
        _cost = meter.CreateCounter<double>(
            "streamusage.cost", "{USD}",
            "The cost of responses, by price table entry, provider and operation. Another currency is an attribute.");
        _unpriced = meter.CreateCounter<long>("streamusage.records.unpriced", "{record}", "Records that could not be priced, by reason.");
        _difference = meter.CreateHistogram<double>(
            "streamusage.cost.difference", "{USD}", "The computed cost minus the cost that the provider reported, by entry.");
    }

    public void Record(in GenAICall call, MetricTags tags)
    {
        UsageRecord record = call.Record;
        if (record.Cost is { } cost)
        {
            if (_cost.Enabled)
            {
                var attributes = new TagList
                {
                    { "model", _models.Get(cost.PricedAs) },
                    { "provider", _providers.Get(call.Provider) },
                    { "operation", _operations.Get(call.Operation) },
                };
                if (cost.Currency != "USD")
                {
                    attributes.Add("currency", _currencies.Get(cost.Currency));
                }

                tags.AddTo(ref attributes, record.Context);
                _cost.Add((double)cost.Total, attributes);
            }

            if (_difference.Enabled && record.ReportedCost is { } reported)
            {
                _difference.Record((double)(cost.Total - reported), new KeyValuePair<string, object?>("model", _models.Get(cost.PricedAs)));
            }
        }
        else if (_unpriced.Enabled && record.UnpricedReason is { } reason)
        {
            _unpriced.Add(1, new KeyValuePair<string, object?>("reason", reason));
        }
    }
}
