using StreamUsage.Pricing.Tables;

namespace StreamUsage.Pricing;

/// <summary>Multiplies token counts by rates. Each token belongs to one bucket and one modality, and each such pair has
/// one rate.</summary>
internal static class CostCalculator
{
    /// <summary>Adds the lines of a model call's tokens.</summary>
    /// <param name="usage">The counts, in disjoint buckets.</param>
    /// <param name="details">The <see cref="UsageRecord.TokenDetails"/> of this call; empty if they describe another
    /// one.</param>
    /// <param name="card">The rates.</param>
    /// <param name="lines">Receives a line for each pair of bucket and modality with tokens.</param>
    public static void AddTokens<T>(in TokenUsage usage, IReadOnlyDictionary<string, long> details, RateCard card, ref T lines)
        where T : ICostLines
    {
        long input = usage.InputTokens, cached = usage.CacheReadInputTokens;
        AddInput(Modality.Audio, usage.InputAudioTokens ?? 0, usage.CacheReadAudioTokens ?? 0, ref input, ref cached, card, ref lines);
        if (details.Count != 0)
        {
            long images = Detail(details, "input_image_tokens"), cachedImages = Detail(details, "cache_read_image_tokens");
            long videos = Detail(details, "input_video_tokens"), cachedVideos = Detail(details, "cache_read_video_tokens");
            AddInput(Modality.Image, images, cachedImages, ref input, ref cached, card, ref lines);
            AddInput(Modality.Video, videos, cachedVideos, ref input, ref cached, card, ref lines);
        }

        Add(CostPart.Input, TokenKind.Input, Modality.Text, input, card, ref lines);
        Add(CostPart.CacheRead, TokenKind.CacheRead, Modality.Text, cached, card, ref lines);

        long written = usage.CacheCreationInputTokens;
        long written1h = Take(usage.CacheCreation1hInputTokens, ref written);
        long written5m = Take(usage.CacheCreation5mInputTokens, ref written);
        Add(CostPart.CacheCreation, TokenKind.CacheCreation1h, Modality.Text, written1h, card, ref lines);
        Add(CostPart.CacheCreation, TokenKind.CacheCreation5m, Modality.Text, written5m, card, ref lines);
        Add(CostPart.CacheCreation, TokenKind.CacheCreation, Modality.Text, written, card, ref lines);

        long output = usage.OutputTokens;
        Add(CostPart.Output, TokenKind.Output, Modality.Audio, Take(usage.OutputAudioTokens ?? 0, ref output), card, ref lines);
        Add(CostPart.Output, TokenKind.Output, Modality.Image, Take(usage.OutputImageTokens ?? 0, ref output), card, ref lines);
        if (details.Count != 0)
        {
            long videos = Take(Detail(details, "output_video_tokens"), ref output);
            Add(CostPart.Output, TokenKind.Output, Modality.Video, videos, card, ref lines);
        }

        Add(CostPart.Output, TokenKind.Reasoning, Modality.Text, Take(usage.ReasoningTokens ?? 0, ref output), card, ref lines);
        if (details.Count != 0)
        {
            long citations = Take(Detail(details, "output_citation_tokens"), ref output);
            Add(CostPart.Output, TokenKind.Citation, Modality.Text, citations, card, ref lines);
        }

        Add(CostPart.Output, TokenKind.Output, Modality.Text, output, card, ref lines);
    }

    // Takes a modality's tokens from the uncached input, except for their known cached part. If the uncached input is
    // too small, the rest is cached as well.
    private static void AddInput<T>(
        Modality modality, long total, long knownCached, ref long input, ref long cached, RateCard card, ref T lines)
        where T : ICostLines
    {
        if (total <= 0 && knownCached <= 0)
        {
            return;
        }

        long read = Take(knownCached, ref cached);
        long uncached = Take(Math.Max(0, total - read), ref input);
        read += Take(Math.Max(0, total - read - uncached), ref cached);
        Add(CostPart.Input, TokenKind.Input, modality, uncached, card, ref lines);
        Add(CostPart.CacheRead, TokenKind.CacheRead, modality, read, card, ref lines);
    }

    private static void Add<T>(CostPart part, TokenKind kind, Modality modality, long count, RateCard card, ref T lines)
        where T : ICostLines
    {
        if (count <= 0)
        {
            return;
        }

        (RateKey key, decimal price, MissingRate missing) = card.Find(kind, modality);
        if (missing == MissingRate.None)
        {
            lines.Add(part, key, count, price);
        }
        else
        {
            lines.AddMissing(missing);
        }
    }

    private static long Take(long wanted, ref long rest)
    {
        long taken = Math.Clamp(wanted, 0, Math.Max(0, rest));
        rest -= taken;
        return taken;
    }

    private static long Detail(IReadOnlyDictionary<string, long> details, string name) =>
        details.TryGetValue(name, out long count) ? count : 0;
}

/// <summary>Specifies the parts of a cost, as in <see cref="UsageCost"/>.</summary>
internal enum CostPart : byte
{
    Input,
    CacheRead,
    CacheCreation,
    Output,
    ServerTools,
}

/// <summary>Receives the lines of a cost.</summary>
internal interface ICostLines
{
    /// <summary>Adds a line.</summary>
    /// <param name="part">The part of the cost that the line belongs to.</param>
    /// <param name="key">The key of the rate.</param>
    /// <param name="quantity">The number of the record's units: tokens, seconds, images.</param>
    /// <param name="price">US dollars for one unit of the rate (<see cref="RateKeys.Per"/>).</param>
    void Add(CostPart part, RateKey key, decimal quantity, decimal price);

    /// <summary>Adds tokens that have no rate.</summary>
    void AddMissing(MissingRate missing);
}
