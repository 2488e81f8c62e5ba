using System.Diagnostics.Metrics;

namespace StreamUsage.Diagnostics;

/// <summary>Measures costs by model, unpriced records by reason, and differences to the provider's own cost.</summary>
internal sealed class PricingMeter
{
    // Shared by all trackers without a factory, like the other instruments.
    private static readonly Meter Shared = new(UsageMeter.Name);

    private readonly Counter<double> _cost;
    private readonly Counter<long> _unpriced;
    private readonly Histogram<double> _difference;

    public PricingMeter(IMeterFactory? factory)
    {
        Meter meter = factory?.Create(new MeterOptions(UsageMeter.Name)) ?? Shared;
        _cost = meter.CreateCounter<double>("streamusage.cost", "{USD}", "The cost of responses, by price table entry.");
        _unpriced = meter.CreateCounter<long>("streamusage.records.unpriced", "{record}", "Records that could not be priced, by reason.");
        _difference = meter.CreateHistogram<double>(
            "streamusage.cost.difference", "{USD}", "The computed cost minus the cost that the provider reported, by entry.");
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
