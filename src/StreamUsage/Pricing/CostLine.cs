using StreamUsage.Pricing.Tables;

namespace StreamUsage.Pricing;

/// <summary>Represents a line of a cost: a quantity at a rate.</summary>
/// <param name="Cost">The cost that the line belongs to: the response's or an iteration's.</param>
/// <param name="Key">The rate's key; null if the pricing named no rates, and the line is the whole cost.</param>
/// <param name="Quantity">The number of units.</param>
/// <param name="Price">The price of one unit, before the multiplier.</param>
internal readonly record struct CostLine(UsageCost Cost, RateKey? Key, decimal Quantity, decimal Price)
{
    /// <summary>Returns the lines of a record's cost, computed from its rates.</summary>
    public static IReadOnlyList<CostLine> Of(UsageRecord record)
    {
        if (record.Cost is not { } cost)
        {
            return [];
        }

        TokenUsage billed = record.BilledUsage == default ? record.Usage : record.BilledUsage;
        var collected = new Collected { Cost = cost };
        if (cost.Iterations.Count == 0)
        {
            CostCalculator.AddTokens(billed, record.TokenDetails, RateCard.FromRates(cost.Rates), ref collected);
        }
        else
        {
            IEnumerable<UsageIteration> iterations = record.Iterations
                .Where(iteration => BilledIterations.IsBilled(iteration, record.Iterations));
            foreach ((UsageIteration iteration, UsageCost part) in iterations.Zip(cost.Iterations))
            {
                collected.Cost = part;
                CostCalculator.AddTokens(iteration.Usage, UsageRecord.EmptyCounts, RateCard.FromRates(part.Rates), ref collected);
            }
        }

        List<string>? unpriced = null;
        collected.Cost = cost;
        BilledUnitRates.Add(record, billed, RateCard.FromRates(cost.Rates), ref collected, ref unpriced);

        // A custom pricing need not name its rates.
        bool isComplete = collected.Lines.Sum(line => line.Quantity * line.Price * line.Cost.Multiplier) is var sum
            && decimal.Round(sum - cost.Total, 20) == 0;
        return isComplete ? collected.Lines : [new CostLine(cost, null, 1, cost.Multiplier == 0 ? 0 : cost.Total / cost.Multiplier)];
    }

    private sealed class Collected : ICostLines
    {
        public List<CostLine> Lines { get; } = [];

        public required UsageCost Cost { get; set; }

        public void Add(CostPart part, RateKey key, decimal quantity, decimal price) =>
            Lines.Add(new CostLine(Cost, key, quantity, price / RateKeys.Per(key)));

        public void Miss(MissingRate missing)
        {
        }
    }
}
