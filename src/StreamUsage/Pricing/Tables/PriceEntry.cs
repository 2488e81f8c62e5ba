namespace StreamUsage.Pricing.Tables;

/// <summary>Represents an entry of a price table: a model at a provider.</summary>
internal sealed class PriceEntry
{
    private readonly (PriceCondition Condition, PriceSheet Sheet)[] _prices;

    /// <param name="pricedAs">The entry's name, <c>provider/entry</c>.</param>
    /// <param name="prices">The prices, at least one. The last one whose condition holds applies; if none holds, the
    /// first.</param>
    /// <param name="maxOutputTokens">The model's output limit; null if unknown.</param>
    public PriceEntry(string pricedAs, (PriceCondition Condition, PriceSheet Sheet)[] prices, long? maxOutputTokens)
    {
        PricedAs = pricedAs;
        _prices = prices;
        MaxOutputTokens = maxOutputTokens;
    }

    public string PricedAs { get; }

    public long? MaxOutputTokens { get; }

    /// <summary>Returns the rates at a time.</summary>
    public PriceSheet SheetAt(DateTimeOffset time)
    {
        for (int i = _prices.Length - 1; i > 0; i--)
        {
            if (_prices[i].Condition.Holds(time))
            {
                return _prices[i].Sheet;
            }
        }

        return _prices[0].Sheet;
    }
}
