namespace StreamUsage.Diagnostics;

/// <summary>Represents billed tokens by modality. The counts add up to the total.</summary>
/// <remarks>If a provider reports audio, images or video, even zero, the rest is text. Otherwise the rest is unknown,
/// as the conventions ask. Video has no name in the conventions, so it is unknown too.</remarks>
internal readonly record struct TokenModalities
{
    private TokenModalities(long total, long? audio, long? image, long? video, bool isTextKnown)
    {
        Audio = Math.Min(audio ?? 0, total);
        Image = Math.Min(image ?? 0, total - Audio);
        long videoTokens = Math.Min(video ?? 0, total - Audio - Image);
        long rest = total - Audio - Image - videoTokens;
        bool isText = isTextKnown || (audio ?? image ?? video) is not null;
        Text = isText ? rest : 0;
        Unknown = videoTokens + (isText ? 0 : rest);
    }

    public long Text { get; }

    public long Image { get; }

    public long Audio { get; }

    public long Unknown { get; }

    /// <summary>Gets whether all tokens are known to be text; also true for none.</summary>
    public bool IsTextOnly => Image == 0 && Audio == 0 && Unknown == 0;

    public static TokenModalities OfInput(UsageRecord record) => new(
        record.BilledUsage.TotalInputTokens, record.BilledUsage.InputAudioTokens, Detail(record, "input_image_tokens"),
        Detail(record, "input_video_tokens"), isTextKnown: false);

    public static TokenModalities OfOutput(UsageRecord record) => new(
        record.BilledUsage.OutputTokens, record.BilledUsage.OutputAudioTokens, record.BilledUsage.OutputImageTokens,
        Detail(record, "output_video_tokens"), isTextKnown: false);

    public static TokenModalities OfCacheRead(UsageRecord record) => new(
        record.BilledUsage.CacheReadInputTokens, record.BilledUsage.CacheReadAudioTokens, Detail(record, "cache_read_image_tokens"),
        Detail(record, "cache_read_video_tokens"), OfInput(record).IsTextOnly);

    public static TokenModalities OfCacheWrite(UsageRecord record) => new(
        record.BilledUsage.CacheCreationInputTokens, audio: null, image: null, video: null, OfInput(record).IsTextOnly);

    public static TokenModalities OfReasoning(UsageRecord record) => new(
        Math.Min(record.BilledUsage.ReasoningTokens ?? 0, record.BilledUsage.OutputTokens), audio: null, image: null, video: null,
        isTextKnown: true);

    private static long? Detail(UsageRecord record, string name) => record.TokenDetails.TryGetValue(name, out long tokens) ? tokens : null;
}
