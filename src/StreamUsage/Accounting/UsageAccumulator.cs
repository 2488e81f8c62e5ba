namespace StreamUsage.Accounting;

/// <summary>
/// All that is known of a response's usage after the events so far; immutable: a parser reads one event and returns the next state.
/// <c>default</c> is the state before the first event.
/// </summary>
public readonly record struct UsageAccumulator
{
    private const decimal MaxReportedCost = 1_000_000;

    private readonly ResponseFacts? _facts;
    private readonly State _state;

    [Flags]
    private enum State : byte
    {
        None = 0,
        Terminal = 1,
        Accepted = 2,
        PlaceholderOutput = 4,
    }

    /// <summary>Counts as reported so far, merged.</summary>
    internal ReportedTokens Tokens { get; init; }

    /// <summary>The choices seen so far, and which of them have finished.</summary>
    internal ChoiceProgress Choices { get; init; }

    /// <summary>The provider's id of the response; null until it was said.</summary>
    public string? ResponseId { get; init; }

    /// <summary>The model that answers; null until it was said.</summary>
    public string? Model { get; init; }

    /// <summary>Why the model stopped; null until it was said.</summary>
    public string? StopReason { get; init; }

    /// <summary>The stop sequence that was met; null where none was.</summary>
    public string? StopSequence { get => Facts.StopSequence; init => _facts = ReferenceEquals(value, Facts.StopSequence) ? _facts : Facts with { StopSequence = value }; }

    /// <summary>The service tier that was served; null until it was said.</summary>
    public string? ServiceTier { get; init; }

    /// <summary>The speed class that was served; null until it was said.</summary>
    public string? Speed { get => Facts.Speed; init => _facts = ReferenceEquals(value, Facts.Speed) ? _facts : Facts with { Speed = value }; }

    /// <summary>Where the model runs; null until it was said.</summary>
    public string? InferenceGeo { get; init; }

    /// <summary>
    /// Gets the cost in US dollars by the provider's own word; null until it was said. One that is negative or above a million dollars is absurd: it is ignored, and noted as
    /// <see cref="UsageAnomalies.CountsIgnored"/>.
    /// </summary>
    public decimal? ReportedCost
    {
        get => Facts.ReportedCost;
        init
        {
            if (value is < 0 or > MaxReportedCost)
            {
                Anomalies |= UsageAnomalies.CountsIgnored;
            }
            else if (value != Facts.ReportedCost)
            {
                _facts = Facts with { ReportedCost = value };
            }
        }
    }

    /// <summary>The usage by model call; empty where the provider gives none.</summary>
    public IReadOnlyList<UsageIteration> Iterations { get => Facts.Iterations; init => _facts = ReferenceEquals(value, Facts.Iterations) ? _facts : Facts with { Iterations = value ?? [] }; }

    /// <summary>Uses of the provider's own tools; empty where none.</summary>
    public IReadOnlyDictionary<string, long> ServerToolUse { get => Facts.ServerToolUse; init => _facts = ReferenceEquals(value, Facts.ServerToolUse) ? _facts : Facts with { ServerToolUse = value ?? UsageRecord.EmptyCounts }; }

    /// <summary>Further subsets by kind; empty where none.</summary>
    public IReadOnlyDictionary<string, long> TokenDetails { get => Facts.TokenDetails; init => _facts = ReferenceEquals(value, Facts.TokenDetails) ? _facts : Facts with { TokenDetails = value ?? UsageRecord.EmptyCounts }; }

    /// <summary>Gets the tokens that the provider says it bills, where it states them beside the tokens that were used; null where it does not.</summary>
    public TokenUsage? BilledTokens { get => Facts.BilledTokens; init => _facts = value == Facts.BilledTokens ? _facts : Facts with { BilledTokens = value }; }

    /// <summary>Gets what is billed in other units than tokens, by the names of <see cref="UsageRecord.BilledUnits"/>; empty where there is none.</summary>
    public IReadOnlyDictionary<string, decimal> BilledUnits { get => Facts.BilledUnits; init => _facts = ReferenceEquals(value, Facts.BilledUnits) ? _facts : Facts with { BilledUnits = value ?? UsageRecord.EmptyUnits }; }

    /// <summary>Gets what was asked, where the answer tells; null where the parser's own <see cref="Parsing.IUsageParser.Operation"/> holds.</summary>
    public string? Operation { get => Facts.Operation; init => _facts = value == Facts.Operation ? _facts : Facts with { Operation = value }; }

    /// <summary>Gets the doubts that a parser has found. What the counts themselves tell is added when the record is made.</summary>
    public UsageAnomalies Anomalies { get; init; }

    /// <summary>The error that the provider reported; null where there was none. See <see cref="WithError(string?, string?, int?)"/>.</summary>
    internal ProviderError? Error => Facts.Error;

    /// <summary>Whether an event that ends every answer of its wire was seen.</summary>
    public bool IsTerminal { get => Has(State.Terminal); init => _state = Put(State.Terminal, value); }

    /// <summary>Whether this is a background answer that has only been accepted.</summary>
    public bool IsPending { get => Has(State.Accepted); init => _state = Put(State.Accepted, value); }

    /// <summary>Whether the reported output is only what there is at least, not a count of what was produced: what a stream starts with (<c>message_start</c>), or what was counted before a chunk that counts its prompt alone (Gemini).</summary>
    public bool IsOutputPlaceholder { get => Has(State.PlaceholderOutput); init => _state = Put(State.PlaceholderOutput, value); }

    /// <summary>Whether the answer is complete: a terminal event, or the finish reason of every choice.</summary>
    public bool IsComplete => IsTerminal || Choices.AllFinished;

    /// <summary>Whether the provider said how much input there was.</summary>
    public bool IsInputReported => Tokens.HasInput;

    /// <summary>Whether the provider said how much output there was; a placeholder does not say it.</summary>
    public bool IsOutputReported => Tokens.OutputTokens is not null && !IsOutputPlaceholder;

    /// <summary>Gets a value indicating whether the latest usage counted output.</summary>
    internal bool CountsOutput => !Tokens.Noted.HasFlag(ReportedTokens.Notes.LacksOutput) && (Tokens.OutputTokens is > 0 || Tokens.ReasoningTokens is > 0);

    /// <summary>The counts in disjoint buckets.</summary>
    public TokenUsage Usage => Tokens.Normalize();

    /// <summary>Gets what is billed: the sum of the <see cref="Iterations"/> that were not declined, else <see cref="BilledTokens"/>, else <see cref="Usage"/>.</summary>
    public TokenUsage BilledUsage => Bill(Usage);

    private ResponseFacts Facts => _facts ?? ResponseFacts.Empty;

    /// <summary>Returns what is billed, of an answer that used so much. Iterations that count nothing do not make an answer free.</summary>
    internal TokenUsage Bill(in TokenUsage usage)
    {
        TokenUsage sum = default;
        foreach (UsageIteration iteration in Iterations)
        {
            sum += iteration.Declined ? default : iteration.Usage;
        }

        return sum.TotalTokens != 0 ? sum : BilledTokens ?? usage;
    }

    /// <summary>
    /// Returns the state after counts of the whole answer so far: each one given replaces the older one, and null, the default, leaves it. Counts that are all 0 change nothing, counts do not shrink, and a negative one
    /// was not reported.
    /// </summary>
    /// <param name="inputTokens">The input; <paramref name="inputIncludesCache"/> says of what.</param>
    /// <param name="outputTokens">All output, reasoning included.</param>
    /// <param name="cacheReadInputTokens">Input that was read from the provider's prompt cache.</param>
    /// <param name="cacheCreationInputTokens">Input that was written to it.</param>
    /// <param name="reasoningTokens">The reasoning in the output.</param>
    /// <param name="inputIncludesCache">Whether <paramref name="inputTokens"/> includes cache reads and writes (OpenAI, Gemini), or not (Anthropic).</param>
    public UsageAccumulator MergeCounts(
        long? inputTokens = null,
        long? outputTokens = null,
        long? cacheReadInputTokens = null,
        long? cacheCreationInputTokens = null,
        long? reasoningTokens = null,
        bool inputIncludesCache = false) => Merge(new ReportedTokens
        {
            Convention = inputIncludesCache ? TokenConvention.InputIncludesCache : TokenConvention.None,
            InputTokens = inputTokens,
            OutputTokens = outputTokens,
            CacheReadTokens = cacheReadInputTokens,
            CacheCreationTokens = cacheCreationInputTokens,
            ReasoningTokens = reasoningTokens,
        });

    /// <summary>Returns the state after something of a choice was seen. An answer whose choices have all finished is complete; one whose parser names no choices is complete by <see cref="IsTerminal"/>.</summary>
    /// <param name="index">The choice's index; a negative one counts as the first.</param>
    public UsageAccumulator BeginChoice(long index) => this with { Choices = Choices.Begin(index) };

    /// <summary>Returns the state after a choice's finish reason was seen.</summary>
    /// <param name="index">The choice's index; a negative one counts as the first.</param>
    public UsageAccumulator FinishChoice(long index) => this with { Choices = Choices.Finish(index) };

    /// <summary>Returns the state after an error of the provider: the first one stands, a later one fills in what it left open.</summary>
    /// <param name="type">The provider's word for its kind; null where it gave none.</param>
    /// <param name="message">The provider's message; null where it gave none.</param>
    /// <param name="statusCode">The HTTP status that it stands for, 400 to 599; null where nothing says so, which is a 502.</param>
    public UsageAccumulator WithError(string? type, string? message = null, int? statusCode = null) =>
        WithError(new ProviderError { Type = type, Message = message, StatusCode = statusCode });

    /// <summary>Returns the state after cumulative counts: each one reported replaces the older one, the others stay. Counts that are all 0 change nothing, and counts do not shrink.</summary>
    /// <param name="tokens">The counts of one usage object.</param>
    internal UsageAccumulator Merge(in ReportedTokens tokens) => Take(tokens, isCumulative: true);

    /// <summary>Returns the state after counts that stand for the whole answer so far: one that is left out is 0. Counts that are all 0 change nothing, and counts do not shrink.</summary>
    /// <param name="tokens">The counts of one usage object.</param>
    internal UsageAccumulator Replace(in ReportedTokens tokens) => Take(tokens, isCumulative: false);

    /// <summary>Returns the state after a message has begun: a repeated beginning replaces the message before it, counts and all.</summary>
    /// <param name="tokens">What the beginning reports; its output is a placeholder.</param>
    internal UsageAccumulator Begin(in ReportedTokens tokens) => this with
    {
        Tokens = MergeRules.Begin(tokens),
        IsTerminal = false,
        IsOutputPlaceholder = tokens.OutputTokens is not null,
        Iterations = ResponseFacts.Empty.Iterations,
        ServerToolUse = UsageRecord.EmptyCounts,
        StopReason = null,
        StopSequence = null,
    };

    /// <summary>Returns the state after the counts that its message begins with.</summary>
    internal UsageAccumulator BeginCounts(in ReportedTokens tokens) => this with { Tokens = MergeRules.Begin(tokens), IsOutputPlaceholder = tokens.OutputTokens is not null };

    /// <summary>Returns the state after cumulative counts that came with one choice, which may be that choice's own (<see cref="ChoiceOutputs"/>).</summary>
    /// <param name="tokens">The counts of one usage object.</param>
    /// <param name="choiceIndex">The choice of the chunk that counts; negative where it has none or several.</param>
    internal UsageAccumulator Merge(in ReportedTokens tokens, long choiceIndex)
    {
        UsageAccumulator next = Merge(tokens);
        if (Choices.IsFirstAlone || tokens.OutputTokens is not > 0)
        {
            return next;
        }

        ChoiceOutputs? outputs = choiceIndex < 0 ? null
            : (Facts.ChoiceOutputs ?? ChoiceOutputs.OfFirst(Tokens.OutputTokens ?? 0)).With(choiceIndex, tokens.OutputTokens.GetValueOrDefault());
        next = ReferenceEquals(outputs, Facts.ChoiceOutputs) ? next : new UsageAccumulator(next, Facts with { ChoiceOutputs = outputs });
        return outputs?.Sum is { } sum && sum > next.Tokens.OutputTokens ? next with { Tokens = next.Tokens with { OutputTokens = sum, TotalTokens = null } } : next;
    }

    private UsageAccumulator Take(in ReportedTokens tokens, bool isCumulative)
    {
        ReportedTokens next = MergeRules.Merge(Tokens, tokens, isCumulative, IsOutputPlaceholder, out bool isReport);
        return this with { Tokens = next, IsOutputPlaceholder = IsOutputPlaceholder && (!isReport || tokens.OutputTokens is null) };
    }

    /// <summary>The state after an error: the first one stands, a later one fills in what it left open.</summary>
    /// <param name="error">What was reported.</param>
    internal UsageAccumulator WithError(ProviderError error)
    {
        ArgumentNullException.ThrowIfNull(error);
        ProviderError merged = Error is not { } first ? error : new ProviderError
        {
            Type = first.Type ?? error.Type,
            Message = first.Message ?? error.Message,
            StatusCode = first.StatusCode ?? error.StatusCode,
        };
        return new UsageAccumulator(this, Facts with { Error = merged });
    }

    private UsageAccumulator(in UsageAccumulator state, ResponseFacts facts)
    {
        this = state;
        _facts = facts;
    }

    private bool Has(State flag) => (_state & flag) != 0;

    private State Put(State flag, bool value) => value ? _state | flag : _state & ~flag;
}
