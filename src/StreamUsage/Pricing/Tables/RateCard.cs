namespace StreamUsage.Pricing.Tables;

/// <summary>The one price of each kind of token and unit for a model call: everything that selects a rate has been
/// applied, fall-backs included.</summary>
/// <remarks>A kind of token without a rate of its own is priced as what contains it: in its modality, else whatever its
/// modality. A cache read or write falls back to input, a write by lifetime to a write, reasoning and citations to
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

    /// <summary>Gets the rates by name, in US dollars for one unit, those that are fallen back to not
    /// repeated.</summary>
    public IReadOnlyDictionary<string, decimal> Rates { get; }

    public string ClassName { get; }

    /// <summary>Gets whether the rates are not those of the class that was served.</summary>
    public bool IsUncertain { get; }

    /// <summary>Gets whether tokens cost nothing because the model is priced by images, seconds or the like.</summary>
    public bool IsPricedByUnit { get; }

    /// <summary>Makes the card of one class and band.</summary>
    /// <param name="rates">The rates of the class.</param>
    /// <param name="standard">The standard rates, where the class has rates of its own; else null.</param>
    /// <param name="start">The band: the highest start of a tier that the total input exceeds; -1 for none.</param>
    /// <param name="factor">The factor on every rate of tokens.</param>
    /// <param name="className">The name of the class.</param>
    /// <param name="isUncertain">Whether the rates are another class's.</param>
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
                // A class that has no price past a tier at which the standard rate changes has no price there.
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

    /// <summary>Makes the card that a cost was computed with from the rates that it names.</summary>
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

    /// <summary>Returns the price of a unit that is no token; null where there is none.</summary>
    public decimal? Find(RateKey key) => _own[(int)key];

    /// <summary>Returns the rate that a kind of token is priced at, its own or the one that it falls back to.</summary>
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

        // A model of images or speech alone may have no other output rate.
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

/// <summary>Why a kind of token has no rate.</summary>
internal enum MissingRate : byte
{
    None,

    /// <summary>The table has no rate for it.</summary>
    AtAll,

    /// <summary>The table has a standard rate for it, but none of the class that was served.</summary>
    InClass,
}
