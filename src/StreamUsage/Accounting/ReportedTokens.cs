namespace StreamUsage.Accounting;

/// <summary>
/// Represents token counts in the provider's own terms, each null where it was not reported. <see cref="Convention"/> says what the provider documents to include in what;
/// <see cref="Normalize"/> makes disjoint buckets of them. A negative count is taken as not reported.
/// </summary>
internal readonly record struct ReportedTokens
{
    // No sum of counts overflows.
    private const long MaxCount = 1L << 58;

    // Each count is stored plus one, so that the default is "not reported" without a flag beside each field.
    private readonly long _input, _extraInput, _cacheRead, _cacheCreation, _cacheCreation5m, _cacheCreation1h, _output, _reasoning, _total;
    private readonly long _inputAudio, _cacheReadAudio, _outputAudio, _outputImage;

    internal ReportedTokens(Notes notes) => Noted = notes;

    /// <summary>What is known of the counts beside their values.</summary>
    [Flags]
    internal enum Notes : byte
    {
        None = 0,

        /// <summary>One count stood under two names, both not 0.</summary>
        HasTwoNames = 1,

        /// <summary>One count stood under two names with different values.</summary>
        HasConflict = 2,

        /// <summary>An object whose counts were all 0 was no report.</summary>
        HasZeroReport = 4,

        /// <summary>Later counts put the whole input back to 0, and the earlier ones stayed.</summary>
        KeptInput = 8,

        /// <summary>The latest usage object counted no output: what counts is from an earlier one.</summary>
        LacksOutput = 16,
    }

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

    /// <summary>Gets what is known beside the counts' values.</summary>
    internal Notes Noted { get; init; }

    /// <summary>Gets the largest sum of the usage objects that these counts are of.</summary>
    internal long LargestSum { get; init; }

    /// <summary>Gets a value indicating whether any count was reported.</summary>
    internal bool HasAny => HasInput || (_output | _reasoning | _total) != 0;

    /// <summary>Gets a value indicating whether no count is more than 0.</summary>
    internal bool IsZero => (_input | _extraInput | _cacheRead | _cacheCreation | _cacheCreation5m | _cacheCreation1h | _output | _reasoning | _total) <= 1;

    /// <summary>The same with every count of <paramref name="newer"/> that was reported in place of the older one: cumulative usage is replaced, never added.</summary>
    /// <param name="newer">What was reported later.</param>
    public ReportedTokens Merge(in ReportedTokens newer) => new(this, newer);

    /// <summary>
    /// Returns disjoint buckets. The documented convention holds unless its sum is not the reported total and exactly one other convention's is. None is ever negative: a part that is larger
    /// than its whole is reduced to it.
    /// </summary>
    public TokenUsage Normalize() => BucketRules.Apply(this, out _);

    /// <summary>Returns the same with the larger of each count, of <paramref name="other"/> or this.</summary>
    internal ReportedTokens Largest(in ReportedTokens other) => this with
    {
        InputTokens = Larger(_input, other._input),
        ExtraInputTokens = Larger(_extraInput, other._extraInput),
        CacheReadTokens = Larger(_cacheRead, other._cacheRead),
        CacheCreationTokens = Larger(_cacheCreation, other._cacheCreation),
        CacheCreation5mTokens = Larger(_cacheCreation5m, other._cacheCreation5m),
        CacheCreation1hTokens = Larger(_cacheCreation1h, other._cacheCreation1h),
        OutputTokens = Larger(_output, other._output),
        ReasoningTokens = Larger(_reasoning, other._reasoning),
        TotalTokens = Larger(_total, other._total),
        InputAudioTokens = Larger(_inputAudio, other._inputAudio),
        CacheReadAudioTokens = Larger(_cacheReadAudio, other._cacheReadAudio),
        OutputAudioTokens = Larger(_outputAudio, other._outputAudio),
        OutputImageTokens = Larger(_outputImage, other._outputImage),
    };

    /// <summary>Returns the same with the input counts of <paramref name="other"/>.</summary>
    internal ReportedTokens WithInputOf(in ReportedTokens other) => this with
    {
        InputTokens = other.InputTokens,
        ExtraInputTokens = other.ExtraInputTokens,
        CacheReadTokens = other.CacheReadTokens,
        CacheCreationTokens = other.CacheCreationTokens,
        CacheCreation5mTokens = other.CacheCreation5mTokens,
        CacheCreation1hTokens = other.CacheCreation1hTokens,
        InputAudioTokens = other.InputAudioTokens,
        CacheReadAudioTokens = other.CacheReadAudioTokens,
    };

    private ReportedTokens(in ReportedTokens older, in ReportedTokens newer)
    {
        Convention = older.HasAny ? Combine(older.Convention, newer.Convention) : newer.Convention;
        Noted = older.Noted | newer.Noted;
        LargestSum = Math.Max(older.LargestSum, newer.LargestSum);
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

    // What one object says of the counts still holds where a later one leaves those counts out.
    private static TokenConvention Combine(TokenConvention older, TokenConvention newer) =>
        ((older | newer) & ~TokenConvention.InputIncludesCache) | (older & newer & TokenConvention.InputIncludesCache);

    private static long? Get(long stored) => stored == 0 ? null : stored - 1;

    private static long Set(long? count) => count is >= 0 ? Math.Min(count.GetValueOrDefault(), MaxCount) + 1 : 0;

    private static long Latest(long older, long newer) => newer != 0 ? newer : older;

    private static long? Larger(long first, long second) => Get(Math.Max(first, second));
}
