using StreamUsage.Pricing.Tables;

namespace StreamUsage.Pricing;

/// <summary>Prices one record: finds the entry and the rates of each model call, and adds up their costs.</summary>
internal readonly struct RecordPricing(UsageRecord record, ModelMatcher models, PriceTableOptions options, string version)
{
    private static readonly IReadOnlyList<string> NoParts = [];

    public PricingResult Evaluate()
    {
        string? model = record.ResponseModel ?? record.Context.Model;
        return record.Iterations.Count != 0 ? EvaluateIterations(model) : EvaluateWhole(model);
    }

    internal static decimal MultiplierOf(PriceTableOptions options, UsageRecord record)
    {
        decimal multiplier = options.Multiplier?.Invoke(record) ?? 1;
        return multiplier >= 0
            ? multiplier
            : throw new InvalidOperationException("The multiplier of a price table (WithMultiplier) must return at least 0.");
    }

    private PricingResult EvaluateWhole(string? model)
    {
        List<string>? unpriced = null;
        PricedCall call = PriceCall(model, Billed, record.TokenDetails, includesTools: true, ref unpriced);
        return call.Reason is { } reason
            ? PricingResult.Unpriced(reason, model)
            : PricingResult.Priced(ToCost(call, MultiplierOf(options, record), unpriced));
    }

    private PricingResult EvaluateIterations(string? model)
    {
        decimal multiplier = MultiplierOf(options, record);
        List<string>? unpriced = null;
        var costs = new List<UsageCost>(record.Iterations.Count);

        // Tools, units and the request fee are priced once, by the response's own model.
        PricedCall tools = PriceCall(model, default, UsageRecord.EmptyCounts, includesTools: true, ref unpriced);
        foreach (UsageIteration iteration in record.Iterations)
        {
            if (!Billing.IsBilled(iteration, record.Iterations))
            {
                continue;
            }

            string? called = iteration.Model ?? model;
            PricedCall call = PriceCall(called, iteration.Usage, UsageRecord.EmptyCounts, includesTools: false, ref unpriced);
            if (call.Reason is { } reason)
            {
                return PricingResult.Unpriced(reason, called);
            }

            costs.Add(ToCost(call, multiplier, null));
            if (tools.Reason is not null && !UsesTools)
            {
                tools = tools with { Entry = call.Entry, Card = call.Card, Reason = null };
            }
        }

        if (tools.Reason is { } missing)
        {
            return PricingResult.Unpriced(missing, model);
        }

        UsageCost cost = ToCost(tools, multiplier, unpriced);
        return PricingResult.Priced(cost with
        {
            Input = cost.Input + costs.Sum(c => c.Input),
            CacheRead = costs.Sum(c => c.CacheRead),
            CacheCreation = costs.Sum(c => c.CacheCreation),
            Output = cost.Output + costs.Sum(c => c.Output),
            Total = cost.Total + costs.Sum(c => c.Total),
            Iterations = costs,
            IsUncertain = cost.IsUncertain || costs.Exists(c => c.IsUncertain),
        });
    }

    private TokenUsage Billed => Billing.TokensOf(record);

    private bool UsesTools => record.ServerToolUse.Count != 0 || record.BilledUnits.Count != 0;

    private PricedCall PriceCall(
        string? model, in TokenUsage usage, IReadOnlyDictionary<string, long> details, bool includesTools, ref List<string>? unpriced)
    {
        if (string.IsNullOrEmpty(model))
        {
            return new PricedCall { Reason = UnpricedReasons.NoModel };
        }

        RateClass rateClass = RateClass.Of(record);
        if (rateClass.Tier == RateClass.Provisioned)
        {
            return new PricedCall { Reason = UnpricedReasons.ProvisionedThroughput };
        }

        ReadOnlySpan<PriceEntry> entries = models.Find(record.Context.Provider, record.Protocol, record.ApiFormat, model);
        if (entries.IsEmpty)
        {
            return new PricedCall { Reason = UnpricedReasons.UnknownModel };
        }

        PricedCall first = PriceAt(entries[0], rateClass, usage, details, includesTools, ref unpriced);
        foreach (PriceEntry other in entries[1..])
        {
            List<string>? unpricedThere = null;
            PricedCall call = PriceAt(other, rateClass, usage, details, includesTools, ref unpricedThere);
            if (call.Reason != first.Reason || call.Sums != first.Sums)
            {
                return new PricedCall { Reason = UnpricedReasons.AmbiguousModel };
            }
        }

        return first;
    }

    private PricedCall PriceAt(
        PriceEntry entry,
        RateClass rateClass,
        in TokenUsage usage,
        IReadOnlyDictionary<string, long> details,
        bool includesTools,
        ref List<string>? unpriced)
    {
        if (entry.SheetAt(record.StartedAt).FindCard(rateClass, usage.TotalInputTokens, options.RateMultipliers) is not { } card)
        {
            return new PricedCall { Reason = UnpricedReasons.RateClass };
        }

        CostSums sums = default;
        CostCalculator.AddTokens(usage, details, card, ref sums);
        if (includesTools)
        {
            BilledUnitRates.Add(record, Billed, card, ref sums, ref unpriced);
        }

        string? reason = sums.Missing switch
        {
            MissingRate.InClass => UnpricedReasons.RateClass,
            MissingRate.AtAll => UnpricedReasons.NoRate,
            _ when unpriced is not null && !sums.HasLines && Billed.TotalTokens == 0 => UnpricedReasons.NoRate,
            // An entry without rates does not say that a response is free, not even one without counts.
            _ when card.Rates.Count == 0 && record.Status == UsageStatus.Completed => UnpricedReasons.NoRate,
            _ when card.IsPricedByUnit && includesTools && record.BilledUnits.Count == 0 && record.Status == UsageStatus.Completed =>
                UnpricedReasons.NoUsage,
            _ => null,
        };
        return new PricedCall { Entry = entry, Card = card, Sums = sums, Reason = reason };
    }

    private UsageCost ToCost(in PricedCall call, decimal multiplier, List<string>? unpriced)
    {
        CostSums sums = call.Sums;
        decimal input = sums.Input * multiplier, cacheRead = sums.CacheRead * multiplier, cacheCreation = sums.CacheCreation * multiplier;
        decimal output = sums.Output * multiplier, serverTools = sums.ServerTools * multiplier;
        return new UsageCost
        {
            Total = input + cacheRead + cacheCreation + output + serverTools,
            Input = input,
            CacheRead = cacheRead,
            CacheCreation = cacheCreation,
            Output = output,
            ServerTools = serverTools,
            Multiplier = multiplier,
            PricedAs = call.Entry!.PricedAs,
            PriceTableVersion = version,
            RateClass = call.Card!.ClassName,
            Rates = call.Card.Rates,
            UnpricedParts = unpriced ?? NoParts,
            IsUncertain = call.Card.IsUncertain || unpriced is not null,
        };
    }

    /// <summary>Represents a model call with its price, or the reason why it has none.</summary>
    private readonly record struct PricedCall
    {
        public PriceEntry? Entry { get; init; }

        public RateCard? Card { get; init; }

        public CostSums Sums { get; init; }

        public string? Reason { get; init; }
    }
}
