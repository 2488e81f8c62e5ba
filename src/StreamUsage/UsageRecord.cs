using StreamUsage.Pricing;

namespace StreamUsage;

/// <summary>One response, complete: what it used, how it ended and how long it took. A sink gets exactly one for each tracked response.</summary>
/// <remarks>
/// What the provider says in a word (<see cref="ResponseId"/>, <see cref="ResponseModel"/>, <see cref="StopReason"/>, <see cref="StopSequence"/>, <see cref="ServiceTier"/>, <see cref="Speed"/>,
/// <see cref="InferenceGeo"/>, <see cref="ErrorType"/>) is cut after 1,024 UTF-16 units, its <see cref="ErrorMessage"/> after 4,096: between two characters, and far above what any provider says.
/// </remarks>
public sealed record UsageRecord
{
    // Nullable values take twice the room of what they hold, and records wait in queues. Times are stored with the sign
    // turned, so that the default is null; the cost, which few providers report, in a box.
    private readonly long _timeToFirstByte, _timeToFirstToken, _timeToLastByte;
    private readonly object? _reportedCost;

    /// <summary>The idempotency key: a version 7 UUID made when tracking began.</summary>
    public Guid Id { get; init; }

    /// <summary>What the caller said, header values redacted and without the request body, unless <see cref="StreamUsageOptions.Capture"/> asks for it.</summary>
    public UsageContext Context { get; init; } = UsageContext.Empty;

    /// <summary>The caller's format where the stream speaks it, else the detected one.</summary>
    public ApiFormat ApiFormat { get; init; }

    /// <summary>What was read, <c>"anthropic-messages"</c>, <c>"openai-chat"</c>, <c>"openai-responses"</c>, <c>"openai-completions"</c>, <c>"openai-embeddings"</c>, <c>"gemini"</c>, <c>"bedrock-converse"</c> or a custom parser's name; null where nothing could be read.</summary>
    public string? Protocol { get; init; }

    /// <summary>The provider's top-level figures, in disjoint buckets.</summary>
    public TokenUsage Usage { get; init; }

    /// <summary>
    /// Gets the tokens that are billed: the sum of the billed <see cref="Iterations"/> where there are any, the provider's own billed counts where it states them beside the tokens (Cohere),
    /// else <see cref="Usage"/>.
    /// </summary>
    public TokenUsage BilledUsage { get; init; }

    /// <summary>
    /// Gets what is billed in other units than tokens, as reported: <c>"audio_seconds"</c>, <c>"images"</c>, <c>"search_units"</c>, <c>"session_seconds"</c>; empty where there is none.
    /// </summary>
    public IReadOnlyDictionary<string, decimal> BilledUnits { get; init; } = EmptyUnits;

    /// <summary>Gets the doubts about this record that a biller should look at; <see cref="UsageAnomalies.None"/> where there is none. A doubt is never an error.</summary>
    public UsageAnomalies Anomalies { get; init; }

    /// <summary>The provider's usage by model call; empty where it gives none. At most 32: a further one is added to one of the same type and model, or else to the last, so that their sum is what is billed.</summary>
    public IReadOnlyList<UsageIteration> Iterations { get; init; } = [];

    /// <summary>Uses of the provider's own tools by name, for example <c>"web_search_requests"</c>; empty where none. At most 64 names, of at most 64 characters.</summary>
    public IReadOnlyDictionary<string, long> ServerToolUse { get; init; } = EmptyCounts;

    /// <summary>Further subsets by kind as reported, for example <c>"input_image_tokens"</c>; never added to a bucket; empty where none.</summary>
    public IReadOnlyDictionary<string, long> TokenDetails { get; init; } = EmptyCounts;

    /// <summary>Where the input counts come from.</summary>
    public TokenSource InputSource { get; init; }

    /// <summary>Where the output count comes from.</summary>
    public TokenSource OutputSource { get; init; }

    /// <summary>The provider's own usage object with its values as they were sent: merged field by field where the wire's usage is (Claude, Chat), else the last one; null where there was none, or one that was too large to keep.</summary>
    public string? ReportedUsageJson { get; init; }

    /// <summary>The price; null where no pricing is configured or it does not know the model, never 0 for unknown.</summary>
    public UsageCost? Cost { get; init; }

    /// <summary>Why there is no <see cref="Cost"/> although pricing is configured; else null. docs/pricing.md has the words.</summary>
    public string? UnpricedReason { get; init; }

    /// <summary>Gets the model that could not be priced, for the log: a response may have run on several.</summary>
    internal string? UnpricedModel { get; init; }

    /// <summary>What the response cost in US dollars by the provider's own word (OpenRouter, xAI, Perplexity); null where it says nothing.</summary>
    public decimal? ReportedCost { get => (decimal?)_reportedCost; init => _reportedCost = value; }

    /// <summary>The provider's id of the response; null where it gave none.</summary>
    public string? ResponseId { get; init; }

    /// <summary>The model that answered; null where the provider did not say.</summary>
    public string? ResponseModel { get; init; }

    /// <summary>Why the model stopped, in the provider's word, of the first choice; null where it was not said.</summary>
    public string? StopReason { get; init; }

    /// <summary>The stop sequence that was met; null where none was.</summary>
    public string? StopSequence { get; init; }

    /// <summary>The service tier that was served, in the provider's word (of Gemini, its traffic type); null where not reported.</summary>
    public string? ServiceTier { get; init; }

    /// <summary>The speed class that was served; null where not reported.</summary>
    public string? Speed { get; init; }

    /// <summary>Where the model ran; null where not reported.</summary>
    public string? InferenceGeo { get; init; }

    /// <summary>Gets a value indicating whether the answer came as a stream of events, and not as one document. False where nothing came.</summary>
    public bool Streamed { get; init; }

    /// <summary>
    /// Gets what was asked, by OpenTelemetry's GenAI conventions where they have a name: <c>"chat"</c>, <c>"text_completion"</c>, <c>"embeddings"</c>, <c>"generate_content"</c>, else
    /// <c>"image_generation"</c>, <c>"transcription"</c>, <c>"speech"</c>, <c>"rerank"</c> or <c>"compact"</c>. <c>"chat"</c> where nothing tells otherwise.
    /// </summary>
    public string Operation { get; init; } = DefaultOperation;

    /// <summary>How the exchange ended, in one word.</summary>
    public UsageStatus Status { get; init; }

    /// <summary>What ended the response.</summary>
    public StreamOutcome Outcome { get; init; }

    /// <summary>The status to report: the HTTP status where the answer is complete, the error's own where there was one, 499 where the reader left, 502 where the body broke or could not be read, 503 where it was empty.</summary>
    public int StatusCode { get; init; }

    /// <summary>The response's own HTTP status; null where there was no HTTP.</summary>
    public int? HttpStatusCode { get; init; }

    /// <summary>The kind of error, in the provider's word or the transport's; null where there was none.</summary>
    public string? ErrorType { get; init; }

    /// <summary>The error's message; null where there was none.</summary>
    public string? ErrorMessage { get; init; }

    /// <summary>The trace that was current when tracking began, W3C format; null where none was.</summary>
    public string? TraceId { get; init; }

    /// <summary>The span that was current when tracking began; null where none was.</summary>
    public string? SpanId { get; init; }

    /// <summary>When the request was sent, else when tracking began.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>From <see cref="StartedAt"/> to the end of the body, or to when the reader left.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>From <see cref="StartedAt"/> to the first bytes of the body; null where none came.</summary>
    public TimeSpan? TimeToFirstByte { get => Time(_timeToFirstByte); init => _timeToFirstByte = Stored(value); }

    /// <summary>From <see cref="StartedAt"/> to the first text, reasoning or tool call; null where none came.</summary>
    public TimeSpan? TimeToFirstToken { get => Time(_timeToFirstToken); init => _timeToFirstToken = Stored(value); }

    /// <summary>From <see cref="StartedAt"/> to the last bytes of the body; null where none came; to within the system clock's tick (some milliseconds). Far below <see cref="Duration"/> means that the provider had stalled.</summary>
    public TimeSpan? TimeToLastByte { get => Time(_timeToLastByte); init => _timeToLastByte = Stored(value); }

    /// <summary>Bytes of the body.</summary>
    public long BytesReceived { get; init; }

    /// <summary>Reads that returned bytes.</summary>
    public long ReadCount { get; init; }

    /// <summary>Events that were delivered to a parser, an unterminated last one included.</summary>
    public long EventCount { get; init; }

    /// <summary>Events over the size limit that are not JSON, or that no parser could read. Only the latter are in <see cref="EventCount"/> too.</summary>
    public long SkippedEvents { get; init; }

    /// <summary>Text, reasoning and tool arguments seen, in UTF-16 units.</summary>
    public long OutputCharacters { get; init; }

    /// <summary>Whether the usage was read to the end after the reader had left.</summary>
    public bool Drained { get; init; }

    /// <summary>The response's headers, redacted; null where they were not captured.</summary>
    public IReadOnlyDictionary<string, string>? ResponseHeaders { get; init; }

    /// <summary>What was kept of the body; null where nothing was.</summary>
    public CapturedResponse? Response { get; init; }

    private static TimeSpan? Time(long stored) => stored == 0 ? null : new TimeSpan(stored ^ long.MinValue);

    private static long Stored(TimeSpan? time) => time is { } known ? known.Ticks ^ long.MinValue : 0;

    internal const string DefaultOperation = "chat";

    internal static IReadOnlyDictionary<string, long> EmptyCounts { get; } = System.Collections.ObjectModel.ReadOnlyDictionary<string, long>.Empty;

    internal static IReadOnlyDictionary<string, decimal> EmptyUnits { get; } = System.Collections.ObjectModel.ReadOnlyDictionary<string, decimal>.Empty;
}
