using StreamUsage.Buffers;
using StreamUsage.Pricing;

namespace StreamUsage;

/// <summary>Represents the usage, outcome and timing of one response. A sink gets one for each tracked
/// response.</summary>
/// <remarks>The provider's strings are cut after 1,024 UTF-16 units, <see cref="ErrorMessage"/> after 4,096. Durations
/// start at <see cref="StartedAt"/>.</remarks>
public sealed record UsageRecord
{
    // Thousands of records may wait in a queue, so these values are kept small: the sign bit marks a known time, the
    // cost is boxed, and JSON stays UTF-8.
    private readonly long _timeToFirstByte, _timeToFirstToken, _timeToLastByte;
    private readonly object? _reportedCost;
    private readonly CompactText _reportedUsageJson;

    /// <summary>Gets the idempotency key: a version 7 UUID, created when tracking began.</summary>
    public Guid Id { get; init; }

    /// <summary>Gets the caller's context with redacted headers, and without the request body unless it is
    /// captured.</summary>
    public UsageContext Context { get; init; } = UsageContext.Empty;

    /// <summary>Gets the caller's format if the answer is in it, else the detected format.</summary>
    public ApiFormat ApiFormat { get; init; }

    /// <summary>Gets the protocol that was read, for example <c>"anthropic-messages"</c>, <c>"openai-chat"</c>,
    /// <c>"openai-responses"</c>, <c>"gemini"</c>, <c>"bedrock-converse"</c> or a custom parser's name; null if the
    /// body was unreadable.</summary>
    public string? Protocol { get; init; }

    /// <summary>Gets the top-level counts, in disjoint buckets: as reported, else estimated. See
    /// <see cref="InputSource"/> and <see cref="OutputSource"/>.</summary>
    public TokenUsage Usage { get; init; }

    /// <summary>Gets the billed tokens: the sum of the billed <see cref="Iterations"/>, else the billed counts that the
    /// provider reports (Cohere), else <see cref="Usage"/>.</summary>
    public TokenUsage BilledUsage { get; init; }

    /// <summary>Gets the billed amounts in other units, as reported: <c>"audio_seconds"</c>, <c>"images"</c>,
    /// <c>"search_units"</c>, <c>"session_seconds"</c>; empty if none.</summary>
    public IReadOnlyDictionary<string, decimal> BilledUnits { get; init; } = EmptyUnits;

    /// <summary>Gets the doubts that a biller should check; <see cref="UsageAnomalies.None"/> if there are
    /// none.</summary>
    public UsageAnomalies Anomalies { get; init; }

    /// <summary>Gets the usage of each model call; empty if not reported. At most 32: a further call is added to one of
    /// the same type and model, else to the last.</summary>
    public IReadOnlyList<UsageIteration> Iterations { get; init; } = [];

    /// <summary>Gets the uses of the provider's tools by name, for example <c>"web_search_requests"</c>; empty if none.
    /// At most 64 names of 64 characters.</summary>
    public IReadOnlyDictionary<string, long> ServerToolUse { get; init; } = EmptyCounts;

    /// <summary>Gets further subsets as reported, for example <c>"input_image_tokens"</c>; never added; empty if
    /// none.</summary>
    public IReadOnlyDictionary<string, long> TokenDetails { get; init; } = EmptyCounts;

    /// <summary>Gets the source of the input counts.</summary>
    public TokenSource InputSource { get; init; }

    /// <summary>Gets the source of the output count.</summary>
    public TokenSource OutputSource { get; init; }

    /// <summary>Gets the provider's usage object with its original values; null if none, or too large. Merged field by
    /// field if the protocol's usage is (Claude, Chat), else the last one. Decoded at each read.</summary>
    public string? ReportedUsageJson { get => _reportedUsageJson.Text; init => _reportedUsageJson = new(value); }

    internal CompactText ReportedUsage { get => _reportedUsageJson; init => _reportedUsageJson = value; }

    /// <summary>Gets the price; null (never 0) if there is no pricing or it does not know the model.</summary>
    public UsageCost? Cost { get; init; }

    /// <summary>Gets why <see cref="Cost"/> is null although a pricing is configured; else null. <c>no_model</c>,
    /// <c>unknown_model</c>, <c>ambiguous_model</c>, <c>no_table</c>, <c>rate_class</c>, <c>provisioned_throughput</c>,
    /// <c>no_rate</c>, <c>no_usage</c>, <c>estimated_usage</c>, <c>pending</c>, <c>pricing_failed</c> or
    /// <c>pricing_timeout</c>.</summary>
    public string? UnpricedReason { get; init; }

    /// <summary>Gets the model that could not be priced: a response may have run on several.</summary>
    internal string? UnpricedModel { get; init; }

    /// <summary>Gets the cost in US dollars that the provider reported (OpenRouter, xAI, Perplexity); null if
    /// none.</summary>
    public decimal? ReportedCost { get => (decimal?)_reportedCost; init => _reportedCost = value; }

    /// <summary>Gets the provider's id of the response; null if it gave none.</summary>
    public string? ResponseId { get; init; }

    /// <summary>Gets the model that answered; null if not reported.</summary>
    public string? ResponseModel { get; init; }

    /// <summary>Gets the stop reason of the first choice, as reported; null if none.</summary>
    public string? StopReason { get; init; }

    /// <summary>Gets the stop sequence that was matched; null if none.</summary>
    public string? StopSequence { get; init; }

    /// <summary>Gets the service tier that was served (Gemini: the traffic type); null if not reported.</summary>
    public string? ServiceTier { get; init; }

    /// <summary>Gets the speed class that was served; null if not reported.</summary>
    public string? Speed { get; init; }

    /// <summary>Gets the region where the model ran; null if not reported.</summary>
    public string? InferenceGeo { get; init; }

    /// <summary>Gets whether the answer came as a stream of events, not as one document. False if nothing
    /// came.</summary>
    public bool Streamed { get; init; }

    /// <summary>Gets the operation, by OpenTelemetry's GenAI conventions: <c>"chat"</c> (the default),
    /// <c>"text_completion"</c>, <c>"embeddings"</c> or <c>"generate_content"</c>. Operations that the conventions do
    /// not name are <c>"image_generation"</c>, <c>"transcription"</c>, <c>"speech"</c>, <c>"rerank"</c> and
    /// <c>"compact"</c>.</summary>
    public string Operation { get; init; } = DefaultOperation;

    /// <summary>Gets the summary of the outcome.</summary>
    public UsageStatus Status { get; init; }

    /// <summary>Gets what ended the response.</summary>
    public StreamOutcome Outcome { get; init; }

    /// <summary>Gets the status to report: the HTTP status of a complete or pending answer (200 without HTTP), or the
    /// error's status (502 if it has none). It is 499 if the reader left, 502 if the body broke or was unreadable, 503
    /// if it was empty. For <see cref="StreamOutcome.NoResponse"/> see
    /// <see cref="UsageTracker.RecordFailure"/>.</summary>
    public int StatusCode { get; init; }

    /// <summary>Gets the HTTP status of the response; null if there was no HTTP.</summary>
    public int? HttpStatusCode { get; init; }

    /// <summary>Gets the kind of error, as the provider or the transport named it, or <c>shutdown</c>,
    /// <c>process_ended</c> or <c>record_failed</c>; null if none.</summary>
    public string? ErrorType { get; init; }

    /// <summary>Gets the error's message; null if none.</summary>
    public string? ErrorMessage { get; init; }

    /// <summary>Gets the W3C id of the trace that was current when tracking began; null if none.</summary>
    public string? TraceId { get; init; }

    /// <summary>Gets the id of the span that was current when tracking began; null if none.</summary>
    public string? SpanId { get; init; }

    /// <summary>Gets when the request was sent, else when tracking began.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>Gets the time to the end of the body, or until the reader left. It excludes draining.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>Gets the time to the first bytes of the body; null if none came.</summary>
    public TimeSpan? TimeToFirstByte { get => Unpack(_timeToFirstByte); init => _timeToFirstByte = Pack(value); }

    /// <summary>Gets the time to the first text, reasoning or tool call; null if none came.</summary>
    public TimeSpan? TimeToFirstToken { get => Unpack(_timeToFirstToken); init => _timeToFirstToken = Pack(value); }

    /// <summary>Gets the time to the last bytes of the body, to within some milliseconds; null if none came. If it is
    /// far below <see cref="Duration"/>, the provider had stalled.</summary>
    public TimeSpan? TimeToLastByte { get => Unpack(_timeToLastByte); init => _timeToLastByte = Pack(value); }

    /// <summary>Gets the number of body bytes received, before any decoding, including drained ones; 0 if a client's
    /// objects were tracked.</summary>
    public long BytesReceived { get; init; }

    /// <summary>Gets the number of reads that returned bytes.</summary>
    public long ReadCount { get; init; }

    /// <summary>Gets the number of events that a parser got, including an unterminated last event.</summary>
    public long EventCount { get; init; }

    /// <summary>Gets the number of events that no parser could read, or that were over the size limit and no JSON.
    /// <see cref="EventCount"/> includes only the former.</summary>
    public long SkippedEvents { get; init; }

    /// <summary>Gets the length of text, reasoning and tool arguments, in UTF-16 units.</summary>
    public long OutputCharacters { get; init; }

    /// <summary>Gets whether the answer was read to its end after the reader had left. See
    /// <see cref="StreamUsageOptions.DrainAbortedStreams"/>.</summary>
    public bool Drained { get; init; }

    /// <summary>Gets the redacted response headers; null if not captured.</summary>
    public IReadOnlyDictionary<string, string>? ResponseHeaders { get; init; }

    /// <summary>Gets the captured content; null if none.</summary>
    public CapturedResponse? Response { get; init; }

    private static TimeSpan? Unpack(long stored) => stored == 0 ? null : new TimeSpan(stored ^ long.MinValue);

    private static long Pack(TimeSpan? time) => time is { } known ? known.Ticks ^ long.MinValue : 0;

    internal const string DefaultOperation = "chat";

    internal static IReadOnlyDictionary<string, long> EmptyCounts { get; } =
        System.Collections.ObjectModel.ReadOnlyDictionary<string, long>.Empty;

    internal static IReadOnlyDictionary<string, decimal> EmptyUnits { get; } =
        System.Collections.ObjectModel.ReadOnlyDictionary<string, decimal>.Empty;
}
