namespace StreamUsage.Accounting;

/// <summary>
/// Token counts in the provider's own terms, each null where it was not reported. What the provider includes in what is said by
/// <see cref="Convention"/>; <see cref="Normalize"/> makes disjoint buckets of them. A negative count is taken as not reported.
/// </summary>
public readonly record struct ReportedTokens
{
    // Each count is stored plus one, so that the default is "not reported" without a flag beside each field.
    private readonly long _input, _extraInput, _cacheRead, _cacheCreation, _cacheCreation5m, _cacheCreation1h, _output, _reasoning, _total;
    private readonly long _inputAudio, _cacheReadAudio, _outputAudio, _outputImage;

    /// <summary>What the provider includes in its input and output counts.</summary>
    public TokenConvention Convention { get; init; }

    /// <summary>Input as reported; whether it includes cached tokens is said by <see cref="Convention"/>.</summary>
    public long? InputTokens { get => Get(_input); init => _input = Set(value); }

    /// <summary>Input that is counted beside <see cref="InputTokens"/> (Gemini's tool-use prompt).</summary>
    public long? ExtraInputTokens { get => Get(_extraInput); init => _extraInput = Set(value); }

    /// <summary>Input read from the provider's prompt cache.</summary>
    public long? CacheReadTokens { get => Get(_cacheRead); init => _cacheRead = Set(value); }

    /// <summary>Input written to the provider's prompt cache.</summary>
    public long? CacheCreationTokens { get => Get(_cacheCreation); init => _cacheCreation = Set(value); }

    /// <summary>The part of the cache writes that is kept for five minutes.</summary>
    public long? CacheCreation5mTokens { get => Get(_cacheCreation5m); init => _cacheCreation5m = Set(value); }

    /// <summary>The part of the cache writes that is kept for an hour.</summary>
    public long? CacheCreation1hTokens { get => Get(_cacheCreation1h); init => _cacheCreation1h = Set(value); }

    /// <summary>Output as reported; whether it includes reasoning is said by <see cref="Convention"/>.</summary>
    public long? OutputTokens { get => Get(_output); init => _output = Set(value); }

    /// <summary>Reasoning as reported.</summary>
    public long? ReasoningTokens { get => Get(_reasoning); init => _reasoning = Set(value); }

    /// <summary>The provider's own total.</summary>
    public long? TotalTokens { get => Get(_total); init => _total = Set(value); }

    /// <summary>Audio in the input.</summary>
    public long? InputAudioTokens { get => Get(_inputAudio); init => _inputAudio = Set(value); }

    /// <summary>Audio in the cache reads.</summary>
    public long? CacheReadAudioTokens { get => Get(_cacheReadAudio); init => _cacheReadAudio = Set(value); }

    /// <summary>Audio in the output.</summary>
    public long? OutputAudioTokens { get => Get(_outputAudio); init => _outputAudio = Set(value); }

    /// <summary>Images in the output.</summary>
    public long? OutputImageTokens { get => Get(_outputImage); init => _outputImage = Set(value); }

    /// <summary>Whether any part of the input was reported.</summary>
    public bool HasInput => (_input | _extraInput | _cacheRead | _cacheCreation | _cacheCreation5m | _cacheCreation1h) != 0;

    /// <summary>The same with every count of <paramref name="newer"/> that was reported in place of the older one: cumulative usage is replaced, never added.</summary>
    /// <param name="newer">What was reported later.</param>
    public ReportedTokens Merge(in ReportedTokens newer) => new(this, newer);

    private ReportedTokens(in ReportedTokens older, in ReportedTokens newer)
    {
        Convention = newer.Convention;
        _input = Latest(older._input, newer._input);
        _extraInput = Latest(older._extraInput, newer._extraInput);
        _cacheRead = Latest(older._cacheRead, newer._cacheRead);
        _cacheCreation = Latest(older._cacheCreation, newer._cacheCreation);
        _cacheCreation5m = Latest(older._cacheCreation5m, newer._cacheCreation5m);
        _cacheCreation1h = Latest(older._cacheCreation1h, newer._cacheCreation1h);
        _output = Latest(older._output, newer._output);
        _reasoning = Latest(older._reasoning, newer._reasoning);
        _total = Latest(older._total, newer._total);
        _inputAudio = Latest(older._inputAudio, newer._inputAudio);
        _cacheReadAudio = Latest(older._cacheReadAudio, newer._cacheReadAudio);
        _outputAudio = Latest(older._outputAudio, newer._outputAudio);
        _outputImage = Latest(older._outputImage, newer._outputImage);
    }

    /// <summary>Disjoint buckets. None is ever negative: where parts are said to be more than the whole, the whole is taken as used up by them. Sums stop at <see cref="long.MaxValue"/>.</summary>
    public TokenUsage Normalize()
    {
        long cacheRead = CacheReadTokens ?? 0;
        long creation5m = CacheCreation5mTokens ?? 0;
        long creation1h = CacheCreation1hTokens ?? 0;
        long cacheCreation = Math.Max(CacheCreationTokens ?? 0, TokenSum.Of(creation5m, creation1h));
        long input = TokenSum.Of(InputTokens ?? 0, ExtraInputTokens ?? 0);
        long output = OutputTokens ?? 0;

        if ((Convention & TokenConvention.InputIncludesCache) != 0)
        {
            input = Math.Max(0, input - TokenSum.Of(cacheRead, cacheCreation));
        }

        if (ReasoningTokens is { } reasoning && ((Convention & TokenConvention.ReasoningBesideOutput) != 0 || TotalCountsReasoningBesideOutput(reasoning)))
        {
            output = TokenSum.Of(output, reasoning);
        }

        return new TokenUsage
        {
            InputTokens = input,
            CacheReadInputTokens = cacheRead,
            CacheCreationInputTokens = cacheCreation,
            CacheCreation5mInputTokens = creation5m,
            CacheCreation1hInputTokens = creation1h,
            OutputTokens = output,
            ReasoningTokens = ReasoningTokens,
            InputAudioTokens = InputAudioTokens,
            CacheReadAudioTokens = CacheReadAudioTokens,
            OutputAudioTokens = OutputAudioTokens,
            OutputImageTokens = OutputImageTokens,
        };
    }

    // xAI leaves reasoning out of completion_tokens; only its total tells.
    private bool TotalCountsReasoningBesideOutput(long reasoning) =>
        reasoning > 0 && OutputTokens is { } output && InputTokens is { } input && TotalTokens == TokenSum.Of(TokenSum.Of(input, output), reasoning);

    private static long? Get(long stored) => stored == 0 ? null : stored - 1;

    private static long Set(long? count) => count is >= 0 ? Math.Min(count.GetValueOrDefault(), long.MaxValue - 1) + 1 : 0;

    private static long Latest(long older, long newer) => newer != 0 ? newer : older;
}
