using StreamUsage.Accounting;

namespace StreamUsage;

/// <summary>Represents tokens in disjoint buckets. Each token is in exactly one of <see cref="InputTokens"/>,
/// <see cref="CacheReadInputTokens"/>, <see cref="CacheCreationInputTokens"/> and <see cref="OutputTokens"/>. Subsets
/// describe part of a bucket and are never added.</summary>
/// <remarks>A negative bucket is set to 0, a negative nullable subset to null. Sums stop at
/// <see cref="long.MaxValue"/>.</remarks>
public readonly record struct TokenUsage
{
    // The sign bit marks a reported value, and 0 is "not reported". A nullable would need 8 bytes more, and thousands
    // of records may wait in a queue.
    private readonly long _reasoning, _inputAudio, _cacheReadAudio, _outputAudio, _outputImage;

    /// <summary>Gets the input tokens that were neither read from a cache nor written to one.</summary>
    public long InputTokens { get; init => field = Math.Max(0, value); }

    /// <summary>Gets the input tokens that were read from the provider's prompt cache.</summary>
    public long CacheReadInputTokens { get; init => field = Math.Max(0, value); }

    /// <summary>Gets the input tokens that were written to the provider's prompt cache, for any lifetime.</summary>
    public long CacheCreationInputTokens { get; init => field = Math.Max(0, value); }

    /// <summary>Gets the part of <see cref="CacheCreationInputTokens"/> that is cached for five minutes; 0 if
    /// none, or not reported.</summary>
    public long CacheCreation5mInputTokens { get; init => field = Math.Max(0, value); }

    /// <summary>Gets the part of <see cref="CacheCreationInputTokens"/> that is cached for an hour; 0 if none, or
    /// not reported.</summary>
    public long CacheCreation1hInputTokens { get; init => field = Math.Max(0, value); }

    /// <summary>Gets all output tokens, reasoning included.</summary>
    public long OutputTokens { get; init => field = Math.Max(0, value); }

    /// <summary>Gets the part of <see cref="OutputTokens"/> that was reasoning; null if not reported.</summary>
    public long? ReasoningTokens { get => Unpack(_reasoning); init => _reasoning = Pack(value); }

    /// <summary>Gets the part of <see cref="TotalInputTokens"/> that was audio, cached or not; null if not
    /// reported.</summary>
    public long? InputAudioTokens { get => Unpack(_inputAudio); init => _inputAudio = Pack(value); }

    /// <summary>Gets the part of <see cref="CacheReadInputTokens"/> that was audio; null if not reported.</summary>
    public long? CacheReadAudioTokens { get => Unpack(_cacheReadAudio); init => _cacheReadAudio = Pack(value); }

    /// <summary>Gets the part of <see cref="OutputTokens"/> that was audio; null if not reported.</summary>
    public long? OutputAudioTokens { get => Unpack(_outputAudio); init => _outputAudio = Pack(value); }

    /// <summary>Gets the part of <see cref="OutputTokens"/> that was images; null if not reported.</summary>
    public long? OutputImageTokens { get => Unpack(_outputImage); init => _outputImage = Pack(value); }

    /// <summary>Gets the sum of input, cache reads and cache creation, in tokens.</summary>
    public long TotalInputTokens => TokenSum.Of(TokenSum.Of(InputTokens, CacheReadInputTokens), CacheCreationInputTokens);

    /// <summary>Gets the sum of <see cref="TotalInputTokens"/> and <see cref="OutputTokens"/>.</summary>
    public long TotalTokens => TokenSum.Of(TotalInputTokens, OutputTokens);

    /// <summary>Adds bucket by bucket; a subset is null only if both are.</summary>
    /// <param name="left">The first usage.</param>
    /// <param name="right">The second usage.</param>
    public static TokenUsage operator +(TokenUsage left, TokenUsage right) => Add(left, right);

    /// <summary>Adds bucket by bucket; a subset is null only if both are.</summary>
    /// <param name="left">The first usage.</param>
    /// <param name="right">The second usage.</param>
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

    private static long? Unpack(long stored) => stored == 0 ? null : stored ^ long.MinValue;

    private static long Pack(long? count) => count is >= 0 ? count.GetValueOrDefault() ^ long.MinValue : 0;

    private static long? AddSubset(long? left, long? right) => left is null ? right : TokenSum.Of(left.GetValueOrDefault(), right ?? 0);
}
