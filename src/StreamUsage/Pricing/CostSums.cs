using StreamUsage.Pricing.Tables;

namespace StreamUsage.Pricing;

/// <summary>Adds up the lines of a cost by part.</summary>
internal record struct CostSums : ICostLines
{
    public decimal Input { get; private set; }

    public decimal CacheRead { get; private set; }

    public decimal CacheCreation { get; private set; }

    public decimal Output { get; private set; }

    public decimal ServerTools { get; private set; }

    public bool HasLines { get; private set; }

    /// <summary>Gets which rate is missing. <see cref="MissingRate.InClass"/> takes precedence.</summary>
    public MissingRate Missing { get; private set; }

    public void Add(CostPart part, RateKey key, decimal quantity, decimal price)
    {
        HasLines = true;
        // Dividing decimals is slow, and all other rates are for one unit.
        decimal cost = key is RateKey.AudioMinute or RateKey.AudioHour ? quantity * price / RateKeys.Per(key) : quantity * price;
        switch (part)
        {
            case CostPart.Input:
                Input += cost;
                break;
            case CostPart.CacheRead:
                CacheRead += cost;
                break;
            case CostPart.CacheCreation:
                CacheCreation += cost;
                break;
            case CostPart.Output:
                Output += cost;
                break;
            default:
                ServerTools += cost;
                break;
        }
    }

    public void AddMissing(MissingRate missing) => Missing = missing > Missing ? missing : Missing;
}
