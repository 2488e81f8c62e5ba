using System.Globalization;
using StreamUsage;
using StreamUsage.Pricing;

namespace Reprice;

/// <summary>Prices records by two tables, and adds the amounts up by model.</summary>
internal sealed class PriceComparison(PriceTable oldTable, PriceTable newTable)
{
    private readonly SortedDictionary<string, Totals> _models = new(StringComparer.Ordinal);

    public void Add(UsageRecord record)
    {
        string model = record.ResponseModel ?? record.Context.Model ?? "(none)";
        if (!_models.TryGetValue(model, out Totals? totals))
        {
            _models[model] = totals = new Totals();
        }

        UsageRecord before = oldTable.Reprice(record), after = newTable.Reprice(record);
        totals.Records++;
        if (before.Cost is { } oldCost && after.Cost is { } newCost)
        {
            totals.Old += oldCost.Total;
            totals.New += newCost.Total;
        }
        else
        {
            // A price that one of them does not know is no difference.
            totals.Unpriced++;
            totals.Reason ??= before.UnpricedReason is { } old ? $"old: {old}" : $"new: {after.UnpricedReason}";
        }
    }

    public void Print(TextWriter output)
    {
        output.WriteLine($"old: {oldTable.Version}, new: {newTable.Version}");
        output.WriteLine($"{"model",-32}{"records",9}{"unpriced",10}{"old USD",16}{"new USD",16}{"difference",16}");
        foreach ((string model, Totals totals) in _models)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{model,-32}{totals.Records,9}{totals.Unpriced,10}{totals.Old,16:F6}{totals.New,16:F6}"
                    + $"{totals.New - totals.Old,16:F6}  {totals.Reason}"));
        }

        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{"all",-32}{_models.Values.Sum(t => t.Records),9}{_models.Values.Sum(t => t.Unpriced),10}"
                + $"{_models.Values.Sum(t => t.Old),16:F6}{_models.Values.Sum(t => t.New),16:F6}"
                + $"{_models.Values.Sum(t => t.New - t.Old),16:F6}"));
    }

    private sealed class Totals
    {
        public long Records { get; set; }

        public long Unpriced { get; set; }

        public decimal Old { get; set; }

        public decimal New { get; set; }

        public string? Reason { get; set; }
    }
}
