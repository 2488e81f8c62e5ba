using System.Diagnostics.Metrics;

namespace StreamUsage.Diagnostics;

/// <summary>Measures what records cost: by model, by reason where there is no price, and against what the provider
/// itself says.</summary>
internal sealed class PricingMeter
{
    // One for all trackers without a factory, as the other instruments have it.
    private static readonly Meter Shared = new(UsageMeter.Name);

    private readonly Counter<double> _cost;
    private readonly Counter<long> _unpriced;
    private readonly Histogram<double> _difference;

    public PricingMeter(IMeterFactory? factory)
    {
        Meter meter = factory?.Create(new MeterOptions(UsageMeter.Name)) ?? Shared;
        _cost = meter.CreateCounter<double>("streamusage.cost", "{USD}", "What responses cost by the price table, by its entry.");
        _unpriced = meter.CreateCounter<long>("streamusage.records.unpriced", "{record}", "Records that could not be priced, by reason.");
        _difference = meter.CreateHistogram<double>(
            "streamusage.cost.difference", "{USD}", "The computed cost less the one that the provider reported, by entry.");
    }

    public void Record(UsageRecord record)
    {
        if (record.Cost is { } cost)
        {
            var model = new KeyValuePair<string, object?>("model", cost.PricedAs);
            _cost.Add((double)cost.Total, model);
            if (record.ReportedCost is { } reported)
            {
                _difference.Record((double)(cost.Total - reported), model);
            }
        }
        else if (record.UnpricedReason is { } reason)
        {
            _unpriced.Add(1, new KeyValuePair<string, object?>("reason", reason));
        }
    }
}
