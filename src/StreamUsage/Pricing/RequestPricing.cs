using StreamUsage.Pricing.Tables;

namespace StreamUsage.Pricing;

/// <summary>Prices a request before it is sent.</summary>
internal static class RequestPricing
{
    private static readonly Modality[] Outputs = [Modality.Text, Modality.Audio, Modality.Image, Modality.Video];

    /// <summary>Returns the quote of the highest price among the entries that match equally well; null if none
    /// matches.</summary>
    public static UsageQuote? Quote(UsageContext context, long inputTokens, ModelMatcher models, PriceTableOptions options)
    {
        RequestLimits limits = RequestLimits.Read(context.RequestBody.Span);
        string? model = string.IsNullOrEmpty(context.Model) ? limits.Model : context.Model;
        if (string.IsNullOrEmpty(model))
        {
            return null;
        }

        ReadOnlySpan<PriceEntry> entries = models.Find(context.Provider, limits.ProtocolFor(context.ApiFormat), context.ApiFormat, model);
        if (entries.IsEmpty)
        {
            return null;
        }

        DateTimeOffset time = context.RequestStartedAt ?? TimeProvider.System.GetUtcNow();
        var asRecord = new UsageRecord { Context = context, StartedAt = time };
        decimal multiplier = RecordPricing.MultiplierOf(options, asRecord);
        UsageQuote? highest = null;
        foreach (PriceEntry entry in entries)
        {
            UsageQuote quote = QuoteAt(entry, limits, limits.CacheWrite(context.ApiFormat), inputTokens, time, options, multiplier);
            highest = highest is null || IsHigher(quote, highest) ? quote : highest;
        }

        return highest;
    }

    private static UsageQuote QuoteAt(
        PriceEntry entry,
        in RequestLimits limits,
        TokenKind? cacheWrite,
        long inputTokens,
        DateTimeOffset time,
        PriceTableOptions options,
        decimal multiplier)
    {
        long? maxOutput = limits.MaxOutputTokens ?? entry.MaxOutputTokens * limits.Choices;
        var quote = new UsageQuote { InputTokens = inputTokens, MaxOutputTokens = maxOutput };
        RateClass rateClass = RateClass.Of(limits.ServiceTier, limits.Speed, limits.InferenceGeo);
        if (entry.SheetAt(time).FindCard(rateClass, inputTokens, options.RateMultipliers) is not { } card)
        {
            return quote;
        }

        decimal? inputPrice = Price(card, TokenKind.Input);
        decimal? maxInputPrice = cacheWrite is { } write ? Max(inputPrice, Price(card, write)) : inputPrice;
        maxInputPrice = limits.HasAudio ? Max(maxInputPrice, Price(card, TokenKind.Input, Modality.Audio)) : maxInputPrice;
        maxInputPrice = limits.HasImages ? Max(maxInputPrice, Price(card, TokenKind.Input, Modality.Image)) : maxInputPrice;
        maxInputPrice = limits.HasVideo ? Max(maxInputPrice, Price(card, TokenKind.Input, Modality.Video)) : maxInputPrice;

        // Only a model that may answer in another modality has a rate for it.
        decimal? maxOutputPrice = Outputs.Aggregate(
            Max(Price(card, TokenKind.Reasoning), Price(card, TokenKind.Citation)),
            (highest, modality) => Max(highest, Price(card, TokenKind.Output, modality)));

        return quote with
        {
            InputCost = inputPrice * inputTokens * multiplier,
            MaxCost = ((maxInputPrice * inputTokens) + (maxOutputPrice * maxOutput)) * multiplier,
        };
    }

    // Without an output limit, only the input can be compared. A quote without a price ranks last.
    private static bool IsHigher(UsageQuote quote, UsageQuote other) =>
        (quote.MaxCost ?? quote.InputCost ?? -1) > (other.MaxCost ?? other.InputCost ?? -1);

    private static decimal? Price(RateCard card, TokenKind kind, Modality modality = Modality.Text) =>
        card.Find(kind, modality) is { Missing: MissingRate.None, Price: var price } ? price : null;

    private static decimal? Max(decimal? left, decimal? right) => left is { } l && right is { } r ? Math.Max(l, r) : left ?? right;
}
