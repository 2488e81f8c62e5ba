using System.Collections.Concurrent;

namespace StreamUsage.Pricing.Tables;

/// <summary>Represents the rates of an entry at one time, by class, input tier and region. Cards are created on first
/// use.</summary>
internal sealed class PriceSheet
{
    private readonly Dictionary<RateKey, Rate> _standard;
    private readonly Dictionary<string, Dictionary<RateKey, Rate>> _classes;
    private readonly Dictionary<string, decimal> _multipliers;
    private readonly long[] _starts;
    private readonly RateCard?[] _standardCards;
    private readonly ConcurrentDictionary<(RateClass Class, decimal Multiplier, int Band), RateCard> _cards = new();

    /// <param name="standard">The standard rates.</param>
    /// <param name="classes">The rates of other classes, by the names of <see cref="RateClass"/>.</param>
    /// <param name="multipliers">The factors on the standard rates, by lower-case class or region.</param>
    public PriceSheet(
        Dictionary<RateKey, Rate> standard,
        Dictionary<string, Dictionary<RateKey, Rate>>? classes = null,
        Dictionary<string, decimal>? multipliers = null)
    {
        _standard = standard;
        _classes = classes ?? [];
        _multipliers = multipliers ?? [];
        IEnumerable<Rate> rates = _classes.Values.Append(standard).SelectMany(rates => rates.Values);
        _starts = [.. rates.SelectMany(rate => rate.Tiers).Select(tier => tier.Start).Distinct().Order()];
        _standardCards = new RateCard?[_starts.Length + 1];
    }

    /// <summary>Returns the rates for a class and a request's total input; null if the class has none.</summary>
    /// <param name="rateClass">The class that was served.</param>
    /// <param name="totalInputTokens">All input of the model call.</param>
    /// <param name="multipliers">The user's factors, for classes that the table lacks.</param>
    public RateCard? FindCard(RateClass rateClass, long totalInputTokens, IReadOnlyDictionary<string, decimal> multipliers)
    {
        int band = 0;
        while (band < _starts.Length && totalInputTokens > _starts[band])
        {
            band++;
        }

        if (rateClass.IsStandard)
        {
            return _standardCards[band] ??= RateCard.Create(_standard, null, StartOf(band), 1, RateClass.Standard, isUncertain: false);
        }

        decimal factor = 1;
        bool isUncertain = false;
        Dictionary<RateKey, Rate>? rates = null;
        if (rateClass.Tier is { } tier && !_classes.TryGetValue(tier, out rates))
        {
            isUncertain = !TryMultiply(tier, multipliers, ref factor);
            if (isUncertain && !rateClass.FallsBackToStandard)
            {
                return null;
            }
        }

        if (rateClass.Geo is { } geo && !TryMultiply(geo, multipliers, ref factor))
        {
            return null;
        }

        (RateClass, decimal, int) key = (rateClass, factor, band);
        if (!_cards.TryGetValue(key, out RateCard? card))
        {
            Dictionary<RateKey, Rate>? standard = rates is null ? null : _standard;
            card = RateCard.Create(rates ?? _standard, standard, StartOf(band), factor, rateClass.Name, isUncertain);
            card = _cards.GetOrAdd(key, card);
        }

        return card;
    }

    private long StartOf(int band) => band == 0 ? -1 : _starts[band - 1];

    private bool TryMultiply(string name, IReadOnlyDictionary<string, decimal> multipliers, ref decimal factor)
    {
        if (!_multipliers.TryGetValue(name, out decimal multiplier) && !multipliers.TryGetValue(name, out multiplier))
        {
            return false;
        }

        factor *= multiplier;
        return true;
    }
}
