using StreamUsage.Pricing.Tables;

namespace StreamUsage.Pricing;

/// <summary>Represents a line of a cost: a quantity at a rate.</summary>
/// <param name="Cost">The cost that the line belongs to: the response's or an iteration's.</param>
/// <param name="Key">The rate's key; null if the line is the whole cost of a pricing that names no rates.</param>
/// <param name="Quantity">The number of units.</param>
/// <param name="Price">The price of one unit, before the multiplier.</param>
internal readonly record struct CostLine(UsageCost Cost, RateKey? Key, decimal Quantity, decimal Price)
{
    /// <summary>Returns the lines of a record's cost, computed again from its rates; empty if it has no cost.</summary>
    public static IReadOnlyList<CostLine> Of(UsageRecord record)
    {
        if (record.Cost is not { } cost)
        {
            return [];
        }

        TokenUsage billed = Billing.TokensOf(record);
        var list = new LineList { Cost = cost };
        if (cost.Iterations.Count == 0)
        {
            CostCalculator.AddTokens(billed, record.TokenDetails, RateCard.FromRates(cost.Rates), ref list);
        }
        else
        {
            IEnumerable<UsageIteration> iterations = record.Iterations
                .Where(iteration => Billing.IsBilled(iteration, record.Iterations));
            foreach ((UsageIteration iteration, UsageCost part) in iterations.Zip(cost.Iterations))
            {
                list.Cost = part;
                CostCalculator.AddTokens(iteration.Usage, UsageRecord.EmptyCounts, RateCard.FromRates(part.Rates), ref list);
            }
        }

        List<string>? unpriced = null;
        list.Cost = cost;
        BilledUnitRates.Add(record, billed, RateCard.FromRates(cost.Rates), ref list, ref unpriced);

        // A custom pricing need not name its rates. Then the lines do not add up to its cost, which becomes one line.
        decimal sum = list.Lines.Sum(line => line.Quantity * line.Price * line.Cost.Multiplier);
        bool isComplete = decimal.Round(sum - cost.Total, 20) == 0;
        return isComplete ? list.Lines : [new CostLine(cost, null, 1, cost.Multiplier == 0 ? 0 : cost.Total / cost.Multiplier)];
    }

    private sealed class LineList : ICostLines
    {
        public List<CostLine> Lines { get; } = [];

        public required UsageCost Cost { get; set; }

        public void Add(CostPart part, RateKey key, decimal quantity, decimal price) =>
            Lines.Add(new CostLine(Cost, key, quantity, price / RateKeys.Per(key)));

        public void AddMissing(MissingRate missing)
        {
        }
    }
}
