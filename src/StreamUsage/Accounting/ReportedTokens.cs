namespace StreamUsage.Accounting;

/// <summary>Represents token counts as the provider reported them, each null if not reported. A negative count is not
/// reported. <see cref="Normalize"/> converts them to disjoint buckets by their <see cref="Convention"/>.</summary>
internal readonly record struct ReportedTokens
{
    // Sums of counts up to this limit do not overflow.
    private const long MaxCount = 1L << 58;

    // Each count is stored plus one, so that the default is "not reported" without a flag beside each field.
    private readonly long _input, _extraInput, _cacheRead, _cacheCreation, _cacheCreation5m, _cacheCreation1h, _output, _reasoning, _total;
    private readonly long _inputAudio, _cacheReadAudio, _outputAudio, _outputImage;

    internal ReportedTokens(Notes notes) => Noted = notes;

    /// <summary>Specifies facts about the counts.</summary>
    [Flags]
    internal enum Notes : byte
    {
        None = 0,

        /// <summary>A count had two names, both not 0.</summary>
        HasTwoNames = 1,

        /// <summary>A count had two names with different values.</summary>
        HasConflict = 2,

        /// <summary>An object had only zero counts, and was no report.</summary>
        HasZeroReport = 4,

        /// <summary>Later counts reset the whole input to 0, and the earlier ones were kept.</summary>
        KeptInput = 8,

        /// <summary>The latest usage object counted no output, so the output count is an earlier one's.</summary>
        LacksOutput = 16,

        /// <summary>The cache writes by lifetime come from an older object than their sum, which limits them.</summary>
        HasOlderLifetimes = 32,
    }

    /// <summary>Gets what the provider includes in its input and output counts.</summary>
    public TokenConvention Convention { get; init; }

    /// <summary>Gets the input. <see cref="Convention"/> says whether it includes cached tokens.</summary>
    public long? InputTokens { get => Get(_input); init => _input = Set(value); }

    /// <summary>Gets the input that <see cref="InputTokens"/> excludes (Gemini's tool-use prompt).</summary>
    public long? ExtraInputTokens { get => Get(_extraInput); init => _extraInput = Set(value); }

    /// <summary>Gets the input read from the provider's prompt cache.</summary>
    public long? CacheReadTokens { get => Get(_cacheRead); init => _cacheRead = Set(value); }

    /// <summary>Gets the input written to the provider's prompt cache.</summary>
    public long? CacheCreationTokens { get => Get(_cacheCreation); init => _cacheCreation = Set(value); }

    /// <summary>Gets the cache writes that are kept for five minutes.</summary>
    public long? CacheCreation5mTokens { get => Get(_cacheCreation5m); init => _cacheCreation5m = Set(value); }

    /// <summary>Gets the cache writes that are kept for an hour.</summary>
    public long? CacheCreation1hTokens { get => Get(_cacheCreation1h); init => _cacheCreation1h = Set(value); }

    /// <summary>Gets the output. <see cref="Convention"/> says whether it includes reasoning.</summary>
    public long? OutputTokens { get => Get(_output); init => _output = Set(value); }

    /// <summary>Gets the reasoning tokens.</summary>
    public long? ReasoningTokens { get => Get(_reasoning); init => _reasoning = Set(value); }

    /// <summary>Gets the reported total.</summary>
    public long? TotalTokens { get => Get(_total); init => _total = Set(value); }

    /// <summary>Gets the audio tokens of the input.</summary>
    public long? InputAudioTokens { get => Get(_inputAudio); init => _inputAudio = Set(value); }

    /// <summary>Gets the audio tokens of the cache reads.</summary>
    public long? CacheReadAudioTokens { get => Get(_cacheReadAudio); init => _cacheReadAudio = Set(value); }

    /// <summary>Gets the audio tokens of the output.</summary>
    public long? OutputAudioTokens { get => Get(_outputAudio); init => _outputAudio = Set(value); }

    /// <summary>Gets the image tokens of the output.</summary>
    public long? OutputImageTokens { get => Get(_outputImage); init => _outputImage = Set(value); }

    /// <summary>Gets whether any part of the input was reported.</summary>
    public bool HasInput => (_input | _extraInput | _cacheRead | _cacheCreation | _cacheCreation5m | _cacheCreation1h) != 0;

    /// <summary>Gets whether cache writes were reported by lifetime.</summary>
    internal bool HasLifetimes => (_cacheCreation5m | _cacheCreation1h) != 0;

    internal Notes Noted { get; init; }

    /// <summary>Gets the largest total after any of the merged usage objects, before larger counts were kept.</summary>
    internal long LargestSum { get; init; }

    internal bool HasAny => HasInput || (_output | _reasoning | _total) != 0;

    internal bool IsZero =>
        (_input | _extraInput | _cacheRead | _cacheCreation | _cacheCreation5m | _cacheCreation1h | _output | _reasoning | _total) <= 1;

    /// <summary>Returns the counts with every reported count of <paramref name="newer"/> in place of the older
    /// one.</summary>
    /// <param name="newer">The later counts.</param>
    public ReportedTokens Merge(in ReportedTokens newer) => new(this, newer);

    /// <summary>Returns disjoint buckets, none of them negative. The documented convention holds, unless exactly one
    /// other convention's sum is the reported total. A part that is larger than its whole is reduced to it.</summary>
    public TokenUsage Normalize() => BucketRules.Apply(this, out _);

    /// <summary>Returns whether the counts that a total may hold are the same.</summary>
    internal bool HasCountsOf(in ReportedTokens other) =>
        (_input, _extraInput, _cacheRead, _cacheCreation, _cacheCreation5m, _cacheCreation1h, _output, _reasoning)
            == (other._input, other._extraInput, other._cacheRead, other._cacheCreation, other._cacheCreation5m, other._cacheCreation1h,
                other._output, other._reasoning);

    /// <summary>Returns the larger of each count.</summary>
    internal ReportedTokens Largest(in ReportedTokens other) => this with
    {
        Noted = NotesWithInputOf(other),
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

    internal ReportedTokens WithInputOf(in ReportedTokens other) => this with
    {
        Noted = NotesWithInputOf(other),
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
        Convention = Combine(older, newer);
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

    // Whether the input includes the cache is said by the objects that have an input, and an object may leave out what
    // others have shown.
    private static TokenConvention Combine(in ReportedTokens older, in ReportedTokens newer)
    {
        const TokenConvention OfInput = TokenConvention.InputIncludesCache;
        TokenConvention input = newer._input == 0 && older.HasAny ? older.Convention
            : older._input == 0 ? newer.Convention
            : older.Convention & newer.Convention;
        return ((older.Convention | newer.Convention) & ~OfInput) | (input & OfInput);
    }

    private Notes NotesWithInputOf(in ReportedTokens other) =>
        (Noted & ~Notes.HasOlderLifetimes) | (other.Noted & Notes.HasOlderLifetimes);

    private static long? Get(long stored) => stored == 0 ? null : stored - 1;

    private static long Set(long? count) => count is >= 0 ? Math.Min(count.GetValueOrDefault(), MaxCount) + 1 : 0;

    private static long Latest(long older, long newer) => newer != 0 ? newer : older;

    private static long? Larger(long first, long second) => Get(Math.Max(first, second));
}
