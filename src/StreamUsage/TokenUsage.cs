using StreamUsage.Accounting;

namespace StreamUsage;

/// <summary>
/// Tokens by bucket. The buckets are disjoint: each token is in exactly one of <see cref="InputTokens"/>, <see cref="CacheReadInputTokens"/>,
/// <see cref="CacheCreationInputTokens"/> and <see cref="OutputTokens"/>, whatever the provider includes in what. Subsets say what a part of a bucket was and are never added.
/// No count is ever negative: a negative bucket is set as 0, a negative subset as not reported. Sums and totals stop at <see cref="long.MaxValue"/>.
/// </summary>
public readonly record struct TokenUsage
{
    // Stored with the sign turned, so that the default is "not reported" without a flag beside each: a record holds two of these.
    private readonly long _reasoning, _inputAudio, _cacheReadAudio, _outputAudio, _outputImage;

    /// <summary>Input that was neither read from a cache nor written to one, in tokens.</summary>
    public long InputTokens { get; init => field = Math.Max(0, value); }

    /// <summary>Input read from the provider's prompt cache, in tokens.</summary>
    public long CacheReadInputTokens { get; init => field = Math.Max(0, value); }

    /// <summary>Input written to the provider's prompt cache, in tokens, whatever its lifetime.</summary>
    public long CacheCreationInputTokens { get; init => field = Math.Max(0, value); }

    /// <summary>The part of <see cref="CacheCreationInputTokens"/> that is kept for five minutes.</summary>
    public long CacheCreation5mInputTokens { get; init => field = Math.Max(0, value); }

    /// <summary>The part of <see cref="CacheCreationInputTokens"/> that is kept for an hour.</summary>
    public long CacheCreation1hInputTokens { get; init => field = Math.Max(0, value); }

    /// <summary>All output, reasoning included, in tokens.</summary>
    public long OutputTokens { get; init => field = Math.Max(0, value); }

    /// <summary>The part of <see cref="OutputTokens"/> that was reasoning; null where not reported.</summary>
    public long? ReasoningTokens { get => Get(_reasoning); init => _reasoning = Set(value); }

    /// <summary>The part of <see cref="TotalInputTokens"/> that was audio, cached audio included; null where not reported.</summary>
    public long? InputAudioTokens { get => Get(_inputAudio); init => _inputAudio = Set(value); }

    /// <summary>The part of <see cref="CacheReadInputTokens"/> that was audio; null where not reported.</summary>
    public long? CacheReadAudioTokens { get => Get(_cacheReadAudio); init => _cacheReadAudio = Set(value); }

    /// <summary>The part of <see cref="OutputTokens"/> that was audio; null where not reported.</summary>
    public long? OutputAudioTokens { get => Get(_outputAudio); init => _outputAudio = Set(value); }

    /// <summary>The part of <see cref="OutputTokens"/> that was images; null where not reported.</summary>
    public long? OutputImageTokens { get => Get(_outputImage); init => _outputImage = Set(value); }

    /// <summary>Everything that was sent: input, cache reads and cache creation.</summary>
    public long TotalInputTokens => TokenSum.Of(TokenSum.Of(InputTokens, CacheReadInputTokens), CacheCreationInputTokens);

    /// <summary><see cref="TotalInputTokens"/> and <see cref="OutputTokens"/>.</summary>
    public long TotalTokens => TokenSum.Of(TotalInputTokens, OutputTokens);

    /// <summary>Adds bucket by bucket; a subset is null only where both are.</summary>
    /// <param name="left">One usage.</param>
    /// <param name="right">The other.</param>
    public static TokenUsage operator +(TokenUsage left, TokenUsage right) => Add(left, right);

    /// <summary>Adds bucket by bucket; a subset is null only where both are.</summary>
    /// <param name="left">One usage.</param>
    /// <param name="right">The other.</param>
    public static TokenUsage Add(TokenUsage left, TokenUsage right) => new()
    {
        InputTokens = TokenSum.Of(left.InputTokens, right.InputTokens),
        CacheReadInputTokens = TokenSum.Of(left.CacheReadInputTokens, right.CacheReadInputTokens),
        CacheCreationInputTokens = TokenSum.Of(left.CacheCreationInputTokens, right.CacheCreationInputTokens),
        CacheCreation5mInputTokens = TokenSum.Of(left.CacheCreation5mInputTokens, right.CacheCreation5mInputTokens),
        CacheCreation1hInputTokens = TokenSum.Of(left.CacheCreation1hInputTokens, right.CacheCreation1hInputTokens),
        OutputTokens = TokenSum.Of(left.OutputTokens, right.OutputTokens),
        ReasoningTokens = AddSubset(left.ReasoningTokens, right.ReasoningTokens),
        InputAudioTokens = AddSubset(left.InputAudioTokens, right.InputAudioTokens),
        CacheReadAudioTokens = AddSubset(left.CacheReadAudioTokens, right.CacheReadAudioTokens),
        OutputAudioTokens = AddSubset(left.OutputAudioTokens, right.OutputAudioTokens),
        OutputImageTokens = AddSubset(left.OutputImageTokens, right.OutputImageTokens),
    };

    private static long? Get(long stored) => stored == 0 ? null : stored ^ long.MinValue;

    private static long Set(long? count) => count is >= 0 ? count.GetValueOrDefault() ^ long.MinValue : 0;

    private static long? AddSubset(long? left, long? right) => left is null ? right : TokenSum.Of(left.GetValueOrDefault(), right ?? 0);
}
