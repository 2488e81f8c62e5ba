namespace StreamUsage.Accounting;

/// <summary>Represents all that is known of a response after the events so far. Immutable: a parser returns the next
/// state for each event. <c>default</c> is the state before the first event.</summary>
public readonly record struct UsageAccumulator
{
    private const decimal MaxReportedCost = 1_000_000;

    private readonly ResponseFacts? _facts;
    private readonly State _state;

    private UsageAccumulator(in UsageAccumulator state, ResponseFacts facts)
    {
        this = state;
        _facts = facts;
    }

    [Flags]
    private enum State : byte
    {
        None = 0,
        Terminal = 1,
        Accepted = 2,
        PlaceholderOutput = 4,
    }

    /// <summary>Gets the provider's id of the response; null until reported.</summary>
    public string? ResponseId { get; init; }

    /// <summary>Gets the model that answers; null until reported.</summary>
    public string? Model { get; init; }

    /// <summary>Gets the stop reason of the first choice; null until reported.</summary>
    public string? StopReason { get; init; }

    /// <summary>Gets the stop sequence that was matched; null if none.</summary>
    public string? StopSequence
    {
        get => Facts.StopSequence;
        init => _facts = ReferenceEquals(value, Facts.StopSequence) ? _facts : Facts with { StopSequence = value };
    }

    /// <summary>Gets the service tier that was served; null until reported.</summary>
    public string? ServiceTier { get; init; }

    /// <summary>Gets the speed class that was served; null until reported.</summary>
    public string? Speed
    {
        get => Facts.Speed;
        init => _facts = ReferenceEquals(value, Facts.Speed) ? _facts : Facts with { Speed = value };
    }

    /// <summary>Gets the region where the model runs; null until reported.</summary>
    public string? InferenceGeo { get; init; }

    /// <summary>Gets the cost in US dollars that the provider reported; null if none. A negative cost, or one above a
    /// million dollars, leaves the earlier cost and adds <see cref="UsageAnomalies.CountsIgnored"/> to
    /// <see cref="Anomalies"/>.</summary>
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

    /// <summary>Gets the usage of each model call, which <see cref="Usage"/> need not include; empty if not
    /// reported.</summary>
    public IReadOnlyList<UsageIteration> Iterations
    {
        get => Facts.Iterations;
        init => _facts = ReferenceEquals(value, Facts.Iterations) ? _facts : Facts with { Iterations = value ?? [] };
    }

    /// <summary>Gets the number of uses of the provider's tools, by the provider's names, as in
    /// <see cref="UsageRecord.ServerToolUse"/>; empty if none.</summary>
    public IReadOnlyDictionary<string, long> ServerToolUse
    {
        get => Facts.ServerToolUse;
        init => _facts = ReferenceEquals(value, Facts.ServerToolUse)
            ? _facts : Facts with { ServerToolUse = value ?? UsageRecord.EmptyCounts };
    }

    /// <summary>Gets further subsets of <see cref="Usage"/>, by the names of <see cref="UsageRecord.TokenDetails"/>;
    /// empty if none.</summary>
    public IReadOnlyDictionary<string, long> TokenDetails
    {
        get => Facts.TokenDetails;
        init => _facts = ReferenceEquals(value, Facts.TokenDetails)
            ? _facts : Facts with { TokenDetails = value ?? UsageRecord.EmptyCounts };
    }

    /// <summary>Gets the billed tokens, if the provider reports them beside <see cref="Usage"/>; else null.</summary>
    public TokenUsage? BilledTokens
    {
        get => Facts.BilledTokens;
        init => _facts = value == Facts.BilledTokens ? _facts : Facts with { BilledTokens = value };
    }

    /// <summary>Gets the billed quantities in other units than tokens, by the names of
    /// <see cref="UsageRecord.BilledUnits"/>; empty if none.</summary>
    public IReadOnlyDictionary<string, decimal> BilledUnits
    {
        get => Facts.BilledUnits;
        init => _facts = ReferenceEquals(value, Facts.BilledUnits)
            ? _facts : Facts with { BilledUnits = value ?? UsageRecord.EmptyUnits };
    }

    /// <summary>Gets the operation, as in <see cref="UsageRecord.Operation"/>, if the answer shows it; null means
    /// <see cref="Parsing.IUsageParser.Operation"/>.</summary>
    public string? Operation
    {
        get => Facts.Operation;
        init => _facts = value == Facts.Operation ? _facts : Facts with { Operation = value };
    }

    /// <summary>Gets the doubts that were found while the events were read. The record adds those that depend on the
    /// whole answer.</summary>
    public UsageAnomalies Anomalies { get; init; }

    /// <summary>Gets whether the protocol's terminal event was seen.</summary>
    public bool IsTerminal { get => Has(State.Terminal); init => _state = Put(State.Terminal, value); }

    /// <summary>Gets whether this is a background answer that was only accepted. The parser resets it when the answer
    /// itself comes.</summary>
    public bool IsPending { get => Has(State.Accepted); init => _state = Put(State.Accepted, value); }

    /// <summary>Gets whether the output count is only a lower bound: a stream's first (<c>message_start</c>), or a
    /// running count (Interactions, Bedrock's InvokeModel). A later call of <see cref="MergeCounts"/> with output
    /// resets it.</summary>
    public bool IsOutputPlaceholder { get => Has(State.PlaceholderOutput); init => _state = Put(State.PlaceholderOutput, value); }

    /// <summary>Gets whether the answer is complete: a terminal event, or the finish reason of every choice.</summary>
    public bool IsComplete => IsTerminal || Choices.AllFinished;

    /// <summary>Gets whether the provider reported the input.</summary>
    public bool IsInputReported => Tokens.HasInput;

    /// <summary>Gets whether the provider reported the output, other than as a placeholder.</summary>
    public bool IsOutputReported => Tokens.OutputTokens is not null && !IsOutputPlaceholder;

    /// <summary>Gets the counts in disjoint buckets, computed at each call; 0 where nothing was reported.</summary>
    public TokenUsage Usage => Tokens.Normalize();

    /// <summary>Gets the billed tokens: the sum of the <see cref="Iterations"/> that were not declined. If these have
    /// no counts, <see cref="BilledTokens"/>, else <see cref="Usage"/>.</summary>
    public TokenUsage BilledUsage => Bill(Usage);

    /// <summary>Gets the merged counts.</summary>
    internal ReportedTokens Tokens { get; init; }

    /// <summary>Gets the choices that have begun and finished.</summary>
    internal ChoiceProgress Choices { get; init; }

    /// <summary>Gets the error that the provider reported; null if none.</summary>
    internal ProviderError? Error => Facts.Error;

    /// <summary>Gets whether the latest usage counted output.</summary>
    internal bool CountsOutput =>
        !Tokens.Noted.HasFlag(ReportedTokens.Notes.LacksOutput) && (Tokens.OutputTokens is > 0 || Tokens.ReasoningTokens is > 0);

    private ResponseFacts Facts => _facts ?? ResponseFacts.Empty;

    /// <summary>Returns the state after counts of the whole answer so far. Each count replaces the older one; null, the
    /// default, keeps it. If the total falls below an earlier total, the larger of each count is kept. While all counts
    /// are 0, nothing is reported. A count that is negative or above 2^40 is ignored, and noted as
    /// <see cref="UsageAnomalies.CountsIgnored"/>.</summary>
    /// <param name="inputTokens">The input tokens, with or without cached ones: see
    /// <paramref name="inputIncludesCache"/>.</param>
    /// <param name="outputTokens">The output tokens, reasoning included.</param>
    /// <param name="cacheReadInputTokens">The input tokens that were read from the prompt cache.</param>
    /// <param name="cacheCreationInputTokens">The input tokens that were written to the prompt cache.</param>
    /// <param name="reasoningTokens">The reasoning tokens in the output.</param>
    /// <param name="inputIncludesCache">True if <paramref name="inputTokens"/> includes cache reads and writes, as
    /// OpenAI's and Gemini's does; false if it does not, as Anthropic's. Has no effect without
    /// <paramref name="inputTokens"/>.</param>
    public UsageAccumulator MergeCounts(
        long? inputTokens = null,
        long? outputTokens = null,
        long? cacheReadInputTokens = null,
        long? cacheCreationInputTokens = null,
        long? reasoningTokens = null,
        bool inputIncludesCache = false)
    {
        bool isIgnored = false;
        var tokens = new ReportedTokens
        {
            Convention = inputIncludesCache ? TokenConvention.InputIncludesCache : TokenConvention.None,
            InputTokens = Check(inputTokens),
            OutputTokens = Check(outputTokens),
            CacheReadTokens = Check(cacheReadInputTokens),
            CacheCreationTokens = Check(cacheCreationInputTokens),
            ReasoningTokens = Check(reasoningTokens),
        };
        UsageAccumulator next = tokens.HasAny ? Merge(tokens) : this;
        return isIgnored ? next with { Anomalies = next.Anomalies | UsageAnomalies.CountsIgnored } : next;

        long? Check(long? count)
        {
            bool isAbsurd = count is < 0 or > CountText.MaxCount;
            isIgnored |= isAbsurd;
            return isAbsurd ? null : count;
        }
    }

    /// <summary>Returns the state after a choice has begun. An answer is complete once all its choices have finished,
    /// or by <see cref="IsTerminal"/>. Choices from the 64th on never finish, so only <see cref="IsTerminal"/>
    /// completes their answer.</summary>
    /// <param name="index">The choice's index; a negative one counts as 0.</param>
    public UsageAccumulator BeginChoice(long index) => this with { Choices = Choices.Begin(index) };

    /// <summary>Returns the state after the finish reason of a choice.</summary>
    /// <param name="index">The choice's index; a negative one counts as 0.</param>
    public UsageAccumulator FinishChoice(long index) => this with { Choices = Choices.Finish(index) };

    /// <summary>Returns the state after an error of the provider. The first error stays, and a later one only adds
    /// missing members.</summary>
    /// <param name="type">The error's type; null if not reported.</param>
    /// <param name="message">The error's message; null if not reported.</param>
    /// <param name="statusCode">The HTTP status of the error, 400 to 599. If null or any other, the status is unknown,
    /// and the record has 502.</param>
    public UsageAccumulator WithError(string? type, string? message = null, int? statusCode = null) =>
        WithError(new ProviderError { Type = type, Message = message, StatusCode = statusCode is >= 400 and <= 599 ? statusCode : null });

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

    /// <summary>Returns the state with an error in place of the present one; null removes it.</summary>
    internal UsageAccumulator ReplaceError(ProviderError? error) =>
        ReferenceEquals(error, Error) ? this : new UsageAccumulator(this, Facts with { Error = error });

    /// <summary>Returns the billed tokens of an answer with this usage. Iterations without counts do not make it free,
    /// unless all of them were declined.</summary>
    internal TokenUsage Bill(in TokenUsage usage)
    {
        TokenUsage sum = default;
        bool isDeclined = Iterations.Count != 0;
        foreach (UsageIteration iteration in Iterations)
        {
            sum += iteration.Declined ? default : iteration.Usage;
            isDeclined &= iteration.Declined;
        }

        return sum.TotalTokens != 0 || isDeclined ? sum : BilledTokens ?? usage;
    }

    /// <summary>Returns the state after cumulative counts: each reported count replaces the older one, and the others
    /// stay. See <see cref="MergeRules"/>.</summary>
    /// <param name="tokens">The counts of one usage object.</param>
    internal UsageAccumulator Merge(in ReportedTokens tokens) => Take(tokens, isCumulative: true);

    /// <summary>Returns the state after counts of the whole answer so far: a missing count is not reported. See
    /// <see cref="MergeRules"/>.</summary>
    /// <param name="tokens">The counts of one usage object.</param>
    internal UsageAccumulator Replace(in ReportedTokens tokens) => Take(tokens, isCumulative: false);

    /// <summary>Returns the state after cumulative counts in a chunk of one choice, which may be that choice's own
    /// (<see cref="ChoiceOutputs"/>).</summary>
    /// <param name="tokens">The counts of one usage object.</param>
    /// <param name="choiceIndex">The chunk's choice; negative if none or several.</param>
    /// <param name="isOwn">Whether the usage object stands in the choice, so that the counts are its own.</param>
    internal UsageAccumulator Merge(in ReportedTokens tokens, long choiceIndex, bool isOwn = false)
    {
        UsageAccumulator next = Merge(tokens);
        if (Choices.IsFirstAlone || tokens.OutputTokens is not > 0)
        {
            return next;
        }

        ChoiceOutputs? outputs = choiceIndex < 0 ? null
            : (Facts.ChoiceOutputs ?? ChoiceOutputs.OfFirst(Tokens.OutputTokens ?? 0))
                .With(choiceIndex, tokens.OutputTokens.GetValueOrDefault(), isOwn);
        next = ReferenceEquals(outputs, Facts.ChoiceOutputs) ? next : new UsageAccumulator(next, Facts with { ChoiceOutputs = outputs });
        return outputs?.Sum is { } sum && sum > next.Tokens.OutputTokens
            ? next with { Tokens = next.Tokens with { OutputTokens = sum, TotalTokens = null } } : next;
    }

    /// <summary>Returns the state after a message has begun. It replaces an earlier message and its counts.</summary>
    /// <param name="tokens">The first counts; their output is a placeholder.</param>
    internal UsageAccumulator Begin(in ReportedTokens tokens) => BeginCounts(tokens) with
    {
        IsTerminal = false,
        Iterations = ResponseFacts.Empty.Iterations,
        ServerToolUse = UsageRecord.EmptyCounts,
        StopReason = null,
        StopSequence = null,
    };

    /// <summary>Returns the state with the first counts of a message that has begun already.</summary>
    /// <param name="tokens">The counts; their output is a placeholder.</param>
    internal UsageAccumulator BeginCounts(in ReportedTokens tokens) =>
        this with { Tokens = MergeRules.Begin(tokens), IsOutputPlaceholder = tokens.OutputTokens is not null };

    private UsageAccumulator Take(in ReportedTokens tokens, bool isCumulative)
    {
        ReportedTokens next = MergeRules.Merge(Tokens, tokens, isCumulative, IsOutputPlaceholder, out bool isReport);
        return this with { Tokens = next, IsOutputPlaceholder = IsOutputPlaceholder && (!isReport || tokens.OutputTokens is null) };
    }

    private bool Has(State flag) => (_state & flag) != 0;

    private State Put(State flag, bool value) => value ? _state | flag : _state & ~flag;
}
