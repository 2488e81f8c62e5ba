namespace StreamUsage.Pricing.Tables;

/// <summary>Represents the single price of each kind of token and unit for a model call.</summary>
/// <remarks>A kind of token without a rate is priced like the kind that contains it: in its modality, else in any. A
/// cache read or write falls back to input, a write by lifetime to a write, reasoning and citations to
/// output.</remarks>
internal sealed class RateCard
{
    private static readonly RateKey[][] FallBacks = [.. Enumerable.Range(0, RateKeys.TokenCount).Select(FallBacksOf)];

    private readonly decimal?[] _own;
    private readonly bool[] _isMissingInClass;
    private readonly (RateKey Key, decimal Price, MissingRate Missing)[] _tokens = new (RateKey, decimal, MissingRate)[RateKeys.TokenCount];

    private RateCard(decimal?[] own, bool[] isMissingInClass, string className, bool isUncertain)
    {
        _own = own;
        _isMissingInClass = isMissingInClass;
        ClassName = className;
        IsUncertain = isUncertain;
        var rates = new Dictionary<string, decimal>(StringComparer.Ordinal);
        bool hasTokenPrice = false, hasUnitPrice = false;
        for (int i = 0; i < own.Length; i++)
        {
            if (i < RateKeys.TokenCount)
            {
                _tokens[i] = Resolve((RateKey)i, skipsItself: false);
            }

            if (own[i] is { } price)
            {
                rates[RateKeys.Name((RateKey)i)] = price;
                hasTokenPrice |= i < RateKeys.TokenCount && price > 0;
                hasUnitPrice |= i >= (int)RateKey.SearchUnit && price > 0;
            }
        }

        Rates = rates;
        IsPricedByUnit = hasUnitPrice && !hasTokenPrice;
    }

    /// <summary>Gets the rates by name, in US dollars for one unit, without fall-backs.</summary>
    public IReadOnlyDictionary<string, decimal> Rates { get; }

    public string ClassName { get; }

    /// <summary>Gets whether standard rates replace those of the served class.</summary>
    public bool IsUncertain { get; }

    /// <summary>Gets whether tokens are free because the model is priced by units such as images or seconds.</summary>
    public bool IsPricedByUnit { get; }

    /// <summary>Creates the card of one class and band.</summary>
    /// <param name="rates">The rates of the class.</param>
    /// <param name="standard">The standard rates, if the class has its own rates; else null.</param>
    /// <param name="start">The band: the highest tier start that the total input exceeds; -1 for none.</param>
    /// <param name="factor">The factor on every token rate.</param>
    /// <param name="className">The name of the class.</param>
    /// <param name="isUncertain">Whether standard rates replace those of the class.</param>
    public static RateCard Create(
        IReadOnlyDictionary<RateKey, Rate> rates,
        IReadOnlyDictionary<RateKey, Rate>? standard,
        long start,
        decimal factor,
        string className,
        bool isUncertain)
    {
        var own = new decimal?[RateKeys.Count];
        var isMissing = new bool[RateKeys.Count];
        RateCard? standardCard = standard is null ? null : Create(standard, null, start, 1, RateClass.Standard, isUncertain: false);
        for (int i = 0; i < own.Length; i++)
        {
            var key = (RateKey)i;
            Rate standardRate = default;
            bool hasStandard = standard is not null && standard.TryGetValue(key, out standardRate);
            if (rates.TryGetValue(key, out Rate rate))
            {
                // A class has no price in a tier at which only the standard rate changes.
                isMissing[i] = hasStandard && standardRate.StartAt(start) > rate.StartAt(start);
                own[i] = isMissing[i] ? null : rate.PriceAt(start) * (i < RateKeys.TokenCount ? factor : 1);
            }
            else if (hasStandard && i >= RateKeys.TokenCount)
            {
                own[i] = standardRate.PriceAt(start); // Tools and units cost the same in every class.
            }
            else if (hasStandard)
            {
                isMissing[i] = standardCard!.Resolve(key, skipsItself: true) is var parent
                    && (parent.Missing != MissingRate.None || parent.Price != standardRate.PriceAt(start));
            }
        }

        return new RateCard(own, isMissing, className, isUncertain);
    }

    /// <summary>Creates a card from <see cref="UsageCost.Rates"/>.</summary>
    public static RateCard FromRates(IReadOnlyDictionary<string, decimal> rates)
    {
        var own = new decimal?[RateKeys.Count];
        foreach ((string name, decimal price) in rates)
        {
            if (RateKeys.TryParse(name, out RateKey key))
            {
                own[(int)key] = price;
            }
        }

        return new RateCard(own, new bool[RateKeys.Count], RateClass.Standard, isUncertain: false);
    }

    /// <summary>Returns the price of a unit other than a token; null if there is none.</summary>
    public decimal? Find(RateKey key) => _own[(int)key];

    /// <summary>Returns the rate of a kind of token, or the rate that it falls back to.</summary>
    public (RateKey Key, decimal Price, MissingRate Missing) Find(TokenKind kind, Modality modality) =>
        _tokens[(int)RateKeys.Of(kind, modality)];

    private (RateKey Key, decimal Price, MissingRate Missing) Resolve(RateKey key, bool skipsItself)
    {
        foreach (RateKey candidate in FallBacks[(int)key])
        {
            if (skipsItself && candidate == key)
            {
                continue;
            }

            if (_isMissingInClass[(int)candidate])
            {
                return (candidate, 0, MissingRate.InClass);
            }

            if (_own[(int)candidate] is { } price)
            {
                return (candidate, price, MissingRate.None);
            }
        }

        // A model of only images or speech may have no other output rate.
        RateKey[] others = key >= RateKey.Output ? [RateKey.OutputAudio, RateKey.OutputImage, RateKey.OutputVideo] : [];
        others = Array.FindAll(others, other => _own[(int)other] is not null);
        return others is [RateKey only] ? (only, _own[(int)only]!.Value, MissingRate.None) : (key, 0, MissingRate.AtAll);
    }

    private static RateKey[] FallBacksOf(int index)
    {
        var modality = (Modality)(index % RateKeys.Modalities);
        TokenKind[] kinds = (TokenKind)(index / RateKeys.Modalities) switch
        {
            TokenKind.Input => [TokenKind.Input],
            TokenKind.CacheRead => [TokenKind.CacheRead, TokenKind.Input],
            TokenKind.CacheCreation => [TokenKind.CacheCreation, TokenKind.CacheCreation5m, TokenKind.Input],
            TokenKind.CacheCreation5m => [TokenKind.CacheCreation5m, TokenKind.CacheCreation, TokenKind.Input],
            TokenKind.CacheCreation1h => [TokenKind.CacheCreation1h, TokenKind.CacheCreation, TokenKind.CacheCreation5m, TokenKind.Input],
            TokenKind.Output => [TokenKind.Output],
            TokenKind.Reasoning => [TokenKind.Reasoning, TokenKind.Output],
            _ => [TokenKind.Citation, TokenKind.Output],
        };
        return [.. kinds.SelectMany(kind => new[] { RateKeys.Of(kind, modality), RateKeys.Of(kind, Modality.Any) }).Distinct()];
    }
}

/// <summary>Specifies why a kind of token has no rate.</summary>
internal enum MissingRate : byte
{
    None,

    /// <summary>The table has no rate in any class.</summary>
    AtAll,

    /// <summary>The table has a standard rate, but none for the served class.</summary>
    InClass,
}
