using StreamUsage.Pricing.Tables;

namespace StreamUsage.Pricing;

/// <summary>Prices a request before it is sent.</summary>
internal static class RequestPricing
{
    private static readonly Modality[] Outputs = [Modality.Text, Modality.Audio, Modality.Image, Modality.Video];

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
        UsageQuote? dearest = null;
        foreach (PriceEntry entry in entries)
        {
            UsageQuote quote = QuoteAt(entry, limits, limits.CacheWrite(context.ApiFormat), inputTokens, time, options, multiplier);
            dearest = dearest is null || IsDearer(quote, dearest) ? quote : dearest;
        }

        return dearest;
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

        decimal? input = Price(card, TokenKind.Input);
        decimal? dearestInput = cacheWrite is { } write ? Max(input, Price(card, write)) : input;
        dearestInput = limits.HasAudio ? Max(dearestInput, Price(card, TokenKind.Input, Modality.Audio)) : dearestInput;
        dearestInput = limits.HasImages ? Max(dearestInput, Price(card, TokenKind.Input, Modality.Image)) : dearestInput;

        // Only a model that may answer in another modality has a rate for it.
        decimal? output = Outputs.Aggregate(
            Max(Price(card, TokenKind.Reasoning), Price(card, TokenKind.Citation)),
            (dearest, modality) => Max(dearest, Price(card, TokenKind.Output, modality)));

        return quote with
        {
            InputCost = input * inputTokens * multiplier,
            MaxCost = ((dearestInput * inputTokens) + (output * maxOutput)) * multiplier,
        };
    }

    // Without a limit of the output, the input is all that can be compared.
    private static bool IsDearer(UsageQuote quote, UsageQuote other) =>
        (quote.MaxCost ?? quote.InputCost) > (other.MaxCost ?? other.InputCost);

    private static decimal? Price(RateCard card, TokenKind kind, Modality modality = Modality.Text) =>
        card.Find(kind, modality) is { Missing: MissingRate.None, Price: var price } ? price : null;

    private static decimal? Max(decimal? left, decimal? right) => left is { } l && right is { } r ? Math.Max(l, r) : left ?? right;
}
