using System.Text.Json;
using StreamUsage.Pricing.Tables;

namespace StreamUsage.Pricing.Reading;

/// <summary>Reads the costs of one of LiteLLM's models: by class, threshold, region and time of day.</summary>
internal sealed class LiteLlmCosts(string model, SortedSet<string> unread)
{
    private const string Standard = RateClass.Standard, RegionalFactor = "regional_processing_uplift_multiplier_";

    private readonly Dictionary<(string Class, RateKey Key), decimal> _base = [];
    private readonly Dictionary<(string Class, RateKey Key), SortedDictionary<long, decimal>> _tiers = [];
    private readonly Dictionary<string, decimal> _multipliers = new(StringComparer.Ordinal);

    public void Read(JsonElement json)
    {
        foreach (JsonProperty member in json.EnumerateObject())
        {
            if (member.Value.ValueKind != JsonValueKind.Null)
            {
                ReadMember(member, json);
            }
        }

        ReadTieredPricing(json);
        DropUnknownZeros();
    }

    /// <summary>Returns the prices, including those of an off-peak block.</summary>
    public (PriceCondition, PriceSheet)[] ToPrices(JsonElement json)
    {
        (PriceCondition, PriceSheet) always = (PriceCondition.Always, ToSheet([]));
        return json.TryGetProperty("off_peak_pricing", out JsonElement offPeak) && offPeak.ValueKind == JsonValueKind.Object
            ? [always, (LiteLlmOffPeak.ReadCondition(offPeak, model), ToSheet(ReadOffPeakRates(offPeak)))] : [always];
    }

    private void ReadMember(JsonProperty member, JsonElement json)
    {
        if (member.Name is "tiered_pricing" or "off_peak_pricing" or "web_search_billing_unit")
        {
            return;
        }

        if (member.Name is "search_context_cost_per_query")
        {
            ReadSearchCost(member.Value, json);
        }
        else if (member.Name is "provider_specific_entry")
        {
            ReadMultipliers(member.Value);
        }
        else if (LiteLlmCostName.TryParse(member.Name, out LiteLlmCostName name))
        {
            Set(name, TableReader.Amount(member.Value, model, member.Name) / name.Per);
        }
        else if (member.Name.StartsWith(RegionalFactor, StringComparison.Ordinal))
        {
            _multipliers[member.Name[RegionalFactor.Length..]] = TableReader.Amount(member.Value, model, member.Name);
        }
        else if (member.Name.Contains("cost", StringComparison.Ordinal) || member.Name.Contains("pricing", StringComparison.Ordinal)
            || member.Name.Contains("multiplier", StringComparison.Ordinal))
        {
            unread.Add(member.Name);
        }
    }

    private void Set(LiteLlmCostName name, decimal price)
    {
        (string, RateKey) key = (name.Class ?? Standard, name.Key);
        if (name.Start is { } start)
        {
            if (!_tiers.TryGetValue(key, out SortedDictionary<long, decimal>? tiers))
            {
                _tiers[key] = tiers = [];
            }

            tiers[start] = price;
        }

        // Several fields may name one rate (seconds of input and of output). The first that is not 0 counts.
        else if (!_base.TryGetValue(key, out decimal other) || other == 0)
        {
            _base[key] = price;
        }
    }

    // A search's cost depends on its context size, which no response reports. Requests default to medium.
    private void ReadSearchCost(JsonElement value, JsonElement json)
    {
        if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty("search_context_size_medium", out JsonElement medium)
            || medium.ValueKind == JsonValueKind.Null)
        {
            unread.Add("search_context_cost_per_query");
            return;
        }

        bool isPerPrompt = json.TryGetProperty("web_search_billing_unit", out JsonElement unit) && unit.ValueKind == JsonValueKind.String
            && unit.ValueEquals("per_prompt");
        RateKey key = isPerPrompt ? RateKey.WebSearchPrompt : RateKey.WebSearch;
        _base[(Standard, key)] = TableReader.Amount(medium, model, "search_context_size_medium");
    }

    // Factors on all token rates, for example us 1.1 and fast 6.
    private void ReadMultipliers(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw TableReader.Malformed(model, "'provider_specific_entry' must be an object");
        }

        foreach (JsonProperty member in value.EnumerateObject())
        {
            if (member.Value.ValueKind == JsonValueKind.Number)
            {
                _multipliers[member.Name.ToLowerInvariant()] = TableReader.Amount(member.Value, model, member.Name);
            }
        }
    }

    // The whole request is priced at the tier of its input: above the start, up to and including the end. A tier
    // without a cost for reasoning uses its output cost; without another cost, its input cost.
    private void ReadTieredPricing(JsonElement json)
    {
        if (!json.TryGetProperty("tiered_pricing", out JsonElement list) || list.ValueKind == JsonValueKind.Null)
        {
            return;
        }

        var tiers = new List<(long Start, Dictionary<RateKey, decimal> Prices)>();
        foreach (JsonElement tier in TableReader.Items(list, model, "tiered_pricing"))
        {
            if (tier.ValueKind == JsonValueKind.Object && tier.TryGetProperty("max_results_range", out _))
            {
                // A search priced by its number of results, which no response reports.
                unread.Add("tiered_pricing");
                return;
            }

            if (tier.ValueKind != JsonValueKind.Object || !tier.TryGetProperty("range", out JsonElement range)
                || range.ValueKind != JsonValueKind.Array || range.GetArrayLength() != 2
                || range[0].ValueKind != JsonValueKind.Number || !range[0].TryGetDecimal(out decimal start))
            {
                throw TableReader.Malformed(model, "a tier of 'tiered_pricing' must have a 'range' of two counts");
            }

            tiers.Add(((long)start, ReadRates(tier)));
        }

        tiers.Sort((left, right) => left.Start.CompareTo(right.Start));
        RateKey[] keys = [.. tiers.SelectMany(tier => tier.Prices.Keys).Distinct()];
        foreach (RateKey key in keys)
        {
            for (int i = 0; i < tiers.Count; i++)
            {
                RateKey parent = key == RateKey.Reasoning ? RateKey.Output : RateKey.Input;
                if (tiers[i].Prices.TryGetValue(key, out decimal price) || tiers[i].Prices.TryGetValue(parent, out price))
                {
                    Set(new LiteLlmCostName(key, null, i == 0 ? null : tiers[i].Start, 1), price);
                }
            }
        }
    }

    private Dictionary<RateKey, decimal> ReadRates(JsonElement json)
    {
        var prices = new Dictionary<RateKey, decimal>();
        foreach (JsonProperty member in json.EnumerateObject())
        {
            if (member.Value.ValueKind != JsonValueKind.Null && LiteLlmCostName.TryParse(member.Name, out LiteLlmCostName name)
                && name is { Class: null, Start: null })
            {
                prices[name.Key] = TableReader.Amount(member.Value, model, member.Name) / name.Per;
            }
        }

        return prices;
    }

    private Dictionary<RateKey, Rate> ReadOffPeakRates(JsonElement offPeak) =>
        ReadRates(offPeak).ToDictionary(rate => rate.Key, rate => new Rate(rate.Value));

    // LiteLLM also writes 0 for an unknown cost. A 0 is a price only if input and output both have one.
    private void DropUnknownZeros()
    {
        bool hasInput = _base.TryGetValue((Standard, RateKey.Input), out decimal input);
        bool hasOutput = _base.TryGetValue((Standard, RateKey.Output), out decimal output);
        if (hasInput && !hasOutput && input == 0)
        {
            _base.Remove((Standard, RateKey.Input));
        }
        else if (hasOutput && !hasInput && output == 0)
        {
            _base.Remove((Standard, RateKey.Output));
        }
    }

    private PriceSheet ToSheet(Dictionary<RateKey, Rate> replaced)
    {
        var classes = new Dictionary<string, Dictionary<RateKey, Rate>>(StringComparer.Ordinal);
        foreach ((string Class, RateKey Key) key in _base.Keys.Union(_tiers.Keys))
        {
            if (!classes.TryGetValue(key.Class, out Dictionary<RateKey, Rate>? rates))
            {
                classes[key.Class] = rates = [];
            }

            if (ToRate(key) is { } rate)
            {
                rates[key.Key] = rate;
            }
        }

        classes.Remove(Standard, out Dictionary<RateKey, Rate>? standard);
        standard ??= [];
        foreach ((RateKey key, Rate rate) in replaced)
        {
            standard[key] = rate;
        }

        return new PriceSheet(standard, classes, _multipliers);
    }

    private Rate? ToRate((string Class, RateKey Key) key)
    {
        RateTier[] tiers = _tiers.TryGetValue(key, out SortedDictionary<long, decimal>? read)
            ? [.. read.Select(tier => new RateTier(tier.Key, tier.Value))] : [];
        // A price above a threshold says nothing about the price below it.
        return _base.TryGetValue(key, out decimal price) ? new Rate(price, tiers) : null;
    }
}
