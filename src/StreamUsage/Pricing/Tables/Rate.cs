namespace StreamUsage.Pricing.Tables;

/// <summary>Represents a price for one unit, in US dollars, which may depend on the request's total input.</summary>
/// <param name="Base">The price below the first tier.</param>
/// <param name="Tiers">The higher tiers, by ascending start. A tier's price applies to all units of the
/// request.</param>
internal readonly record struct Rate(decimal Base, RateTier[] Tiers)
{
    public Rate(decimal price)
        : this(price, [])
    {
    }

    /// <summary>Returns the index of the tier that applies above a start; -1 for the base price.</summary>
    public int TierAt(long start)
    {
        int tier = -1;
        while (tier + 1 < Tiers.Length && Tiers[tier + 1].Start <= start)
        {
            tier++;
        }

        return tier;
    }

    /// <summary>Returns the price that applies above a start.</summary>
    public decimal PriceAt(long start) => TierAt(start) is >= 0 and int tier ? Tiers[tier].Price : Base;

    /// <summary>Returns the start of the tier that applies above a start; -1 for the base price.</summary>
    public long StartAt(long start) => TierAt(start) is >= 0 and int tier ? Tiers[tier].Start : -1;

    public bool Equals(Rate other) => Base == other.Base && Tiers.AsSpan().SequenceEqual(other.Tiers);

    public override int GetHashCode() => HashCode.Combine(Base, Tiers.Length);
}

/// <summary>Represents a price that applies if the request's total input exceeds a token count.</summary>
/// <param name="Start">The token count that must be exceeded.</param>
/// <param name="Price">US dollars for one unit.</param>
internal readonly record struct RateTier(long Start, decimal Price);
