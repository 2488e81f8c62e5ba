namespace StreamUsage.Pricing.Tables;

/// <summary>A price for one unit, in US dollars, that may depend on the request's total input.</summary>
/// <param name="Base">The price below the first tier.</param>
/// <param name="Tiers">Higher tiers by ascending start. Past a start, its price holds for all units, not only for those
/// past it.</param>
internal readonly record struct Rate(decimal Base, RateTier[] Tiers)
{
    public Rate(decimal price)
        : this(price, [])
    {
    }

    /// <summary>Returns the tier that holds for a band; -1 for the base price.</summary>
    public int TierAt(long start)
    {
        int tier = -1;
        while (tier + 1 < Tiers.Length && Tiers[tier + 1].Start <= start)
        {
            tier++;
        }

        return tier;
    }

    public decimal PriceAt(long start) => TierAt(start) is >= 0 and int tier ? Tiers[tier].Price : Base;

    public long StartAt(long start) => TierAt(start) is >= 0 and int tier ? Tiers[tier].Start : -1;

    public bool Equals(Rate other) => Base == other.Base && Tiers.AsSpan().SequenceEqual(other.Tiers);

    public override int GetHashCode() => HashCode.Combine(Base, Tiers.Length);
}

/// <summary>A price that holds once the request's total input exceeds a count of tokens.</summary>
/// <param name="Start">Tokens that must be exceeded.</param>
/// <param name="Price">US dollars for one unit.</param>
internal readonly record struct RateTier(long Start, decimal Price);
