using System.Diagnostics.Metrics;
using StreamUsage.Estimation;
using StreamUsage.Framing.Encodings;
using StreamUsage.Parsing;
using StreamUsage.Pricing;
using StreamUsage.Recording.Stored;

namespace StreamUsage;

/// <summary>Specifies the limits and choices of a <see cref="UsageTracker"/>. Validated once, when a tracker is
/// created.</summary>
public sealed class StreamUsageOptions
{
    private const long EventBytesLimit = 1024 * 1024 * 1024;
    private const long CapturedBytesLimit = 1024 * 1024 * 1024;
    private const int TextBytesLimit = 64 * 1024 * 1024;
    private const CapturedContent AllContent =
        CapturedContent.Message | CapturedContent.Events | CapturedContent.RequestBody | CapturedContent.Headers;

    private List<(ApiFormat Format, IUsageParser Parser)> _parsers = [];
    private readonly Dictionary<string, Func<IContentDecoder>> _contentDecoders = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, bool> _headerChoices = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Gets or sets how many bytes of an event are kept if it arrives in several reads: 1 MiB by default; 1
    /// byte to 1 GiB. A larger event is not kept, but its usage is still read.</summary>
    public long MaxEventBytes { get; set; } = 1024 * 1024;

    /// <summary>
    /// Gets or sets how much all responses of a tracker may keep in memory, in bytes: 256 MiB by default; at least 0.
    /// Buffers up to 4 KiB do not count; 0 keeps only these. At the limit:
    /// <list type="bullet">
    /// <item><description>an event that arrives in several reads is read like one over
    /// <see cref="MaxEventBytes"/>;</description></item>
    /// <item><description>output text is not kept, and its characters are counted by class;</description></item>
    /// <item><description>the copy of a request body is not kept, and the input is estimated from its
    /// size;</description></item>
    /// <item><description>no more content is captured, except the excerpt of an unreadable body;</description></item>
    /// <item><description>a usage object over 4 KiB is read but not kept.</description></item>
    /// </list>
    /// </summary>
    public long MaxRetainedBytes { get; set; } = 256 * 1024 * 1024;

    /// <summary>Gets or sets which content is kept in a record: the redacted response headers by default.</summary>
    public CapturedContent Capture { get; set; } = CapturedContent.Headers;

    /// <summary>Gets or sets how much <see cref="Capture"/> keeps of a response or a request body, in UTF-8 bytes: 1
    /// MiB by default; 0 to 1 GiB. Content over the limit is left out, and
    /// <see cref="CapturedResponse.Truncated"/> is set.</summary>
    /// <remarks>An estimate of the objects' memory counts too: 256 bytes a block, 160 a text in it, 48 an
    /// event.</remarks>
    public long MaxCapturedBytes { get; set; } = 1024 * 1024;

    /// <summary>Gets or sets whether the end of an empty or unreadable body throws
    /// <see cref="EmptyStreamException"/> to the reader: false by default.</summary>
    public bool ThrowOnUnreadableStream { get; set; }

    /// <summary>Gets or sets the limits for draining; null (the default) turns it off. Draining reads on in the
    /// background when a reader leaves, to get the final usage.</summary>
    /// <remarks>The outcome stays <see cref="StreamOutcome.ClientAborted"/>, and <see cref="UsageRecord.Drained"/> is
    /// set if the end was reached. The provider continues to produce, and bill, the answer. With draining on, a
    /// caller's token cancels only the caller's wait, not the read of the connection. Each asynchronous read is copied
    /// once. Not drained: a body with <see cref="TrackedResponse.LeaveOpen"/>, one whose reader leaves during a
    /// synchronous read, and, unless a read is pending, one that is collected without a dispose.</remarks>
    public DrainLimits? DrainAbortedStreams { get; set; }

    /// <summary>Gets or sets the timeout of one sink call: 30 seconds by default; more than zero, at most a
    /// day.</summary>
    public TimeSpan SinkTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Gets or sets how many calls of one sink run at once without a queue: 64 by default; 1 to
    /// 10,000.</summary>
    public int MaxConcurrentSinkCalls { get; set; } = 64;

    /// <summary>Gets or sets how many attempts a record gets, the first included: 4 by default; 1 to 100.</summary>
    /// <remarks>With <see cref="Background"/>, a failed batch is split, and a record that fails alone gets three times
    /// this number. While a sink fails for every record, its queue keeps the records until the sink accepts one
    /// again.</remarks>
    public int MaxDeliveryAttempts { get; set; } = 4;

    /// <summary>Gets or sets the delay before the first retry: 200 milliseconds by default; zero (at once) to an hour.
    /// It doubles, with jitter, for each further retry, up to 30 seconds or this value if it is longer.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Gets or sets the callback for a record that a sink did not get; null for none. Called once for each
    /// sink, within <see cref="SinkTimeout"/>, after the failure was counted and logged. Its own exceptions are
    /// logged.</summary>
    public Func<UsageRecord, CancellationToken, ValueTask>? OnDeliveryFailed { get; set; }

    /// <summary>Gets or sets the queue between the tracker and its sinks. Null (the default) means no queue: each
    /// record is delivered as soon as it is built, and <see cref="UsageTracking.Completion"/> waits for the
    /// sink.</summary>
    public BackgroundDeliveryOptions? Background { get; set; }

    /// <summary>Gets or sets how long a shutdown waits for responses that are still being read: 5 seconds by default;
    /// zero to an hour. The rest is recorded as <see cref="StreamOutcome.Interrupted"/> with the error type
    /// <c>shutdown</c>. Their readers can read on.</summary>
    public TimeSpan ShutdownGracePeriod { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Gets or sets how much output text of a response is kept for estimating, in bytes: 64 KiB by default; 0
    /// to 64 MiB. Beyond it, the kept part's tokens per character are used. With 0, characters alone are
    /// counted.</summary>
    public int MaxRetainedTextBytes { get; set; } = 64 * 1024;

    /// <summary>Gets or sets the largest request body that is read for estimating, in bytes: 4 MiB by default; 0 to 64
    /// MiB. A larger body is estimated at 4 bytes a token, and the record has
    /// <see cref="UsageAnomalies.UncertainBill"/>. <see cref="UsageTrackingHandler"/> keeps at most this much of a
    /// body.</summary>
    public int MaxRequestBodyBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>Gets or sets the estimator; null means the container's, else a
    /// <see cref="ModelTokenEstimator"/>.</summary>
    public ITokenEstimator? Estimator { get; set; }

    /// <summary>Gets or sets the timeout of one estimator or pricing call for a record: 10 seconds by default; more
    /// than zero, at most an hour.</summary>
    /// <remarks>After a timeout or an exception of the estimator, 4 characters count as a token, and the record has
    /// <see cref="UsageAnomalies.UncertainBill"/>. After a timeout of the pricing, the record has no cost.</remarks>
    public TimeSpan EstimationTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Gets or sets whether a host loads the tokenizers when it starts, in the background: false by
    /// default.</summary>
    public bool WarmUpOnStart { get; set; }

    /// <summary>Gets or sets the pricing; null means the container's, else none.</summary>
    public IUsagePricing? Pricing { get; set; }

    /// <summary>Gets or sets the factory of the meter "StreamUsage"; null means the container's, else one shared
    /// meter.</summary>
    public IMeterFactory? MeterFactory { get; set; }

    /// <summary>Gets or sets which names of OpenTelemetry's GenAI conventions the metrics have: the current ones (true:
    /// <c>gen_ai.client.inference.*</c>), or the earlier ones (false: <c>gen_ai.client.token.usage</c>, …). Null (the
    /// default) means the current ones if the environment variable <c>OTEL_SEMCONV_STABILITY_OPT_IN</c> contains
    /// <c>gen_ai_latest_experimental</c>.</summary>
    public bool? LatestGenAIConventions { get; set; }

    /// <summary>Gets the tags of <see cref="UsageContext.Tags"/> that are attributes of metrics: none by default; at
    /// most 16. Of each, the first 1,000 values are kept; further ones become <c>other</c>.</summary>
    public IList<string> MetricTags { get; } = [];

    /// <summary>Gets or sets whether the activity that is current at <c>TrackUsage</c> gets the attributes of the
    /// response: false by default. If the activity ends before the body, the response has a span of its own instead, as
    /// it has without this option.</summary>
    /// <remarks>The attributes are set when the body ends, on the reader's thread, without estimates and
    /// cost.</remarks>
    public bool TagCallerActivity { get; set; }

    /// <summary>Gets or sets which requests a <see cref="UsageTrackingHandler"/> tracks; null means the known model
    /// paths, <see cref="UsageTrackingHandler.IsModelRequest"/>. A request with a context of its own is always
    /// tracked. If the function throws, the known paths decide.</summary>
    public Func<HttpRequestMessage, bool>? ShouldTrack { get; set; }

    /// <summary>Gets or sets whether a <see cref="UsageTrackingHandler"/> records requests that got no response, as
    /// <see cref="StreamOutcome.NoResponse"/>: true by default.</summary>
    public bool RecordFailedRequests { get; set; } = true;

    /// <summary>Gets or sets whether a <see cref="UsageTrackingHandler"/> logs a warning for the first response that it
    /// tracks without any context: false by default.</summary>
    public bool WarnWithoutContext { get; set; }

    /// <summary>Gets or sets whether a <see cref="UsageTrackingHandler"/> asks for the usage of a Chat stream whose
    /// request does not: false by default. It adds <c>stream_options.include_usage</c> to the JSON that is sent, and
    /// removes the usage chunk from the bytes that the caller reads.</summary>
    /// <remarks>If the server rejects the field, the request is sent a second time as the caller made it. That server
    /// is not asked again. Of a response with status 400 or 422, up to 64 KiB are read before the caller gets
    /// it.</remarks>
    public bool RequestStreamUsage { get; set; }

    internal IPendingAnswers? PendingAnswers { get; private set; }

    internal IReadOnlyDictionary<string, Func<IContentDecoder>> ContentDecoders => _contentDecoders;

    internal IReadOnlyDictionary<string, bool> HeaderChoices =>
        new Dictionary<string, bool>(_headerChoices, StringComparer.OrdinalIgnoreCase);

    /// <summary>Adds a parser. It is asked before the built-in parsers. If the context names its format, it is asked
    /// first.</summary>
    /// <param name="format">The format that the parser reads, known or new.</param>
    /// <param name="parser">The parser.</param>
    /// <returns>These options.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="parser"/> is null.</exception>
    public StreamUsageOptions AddParser(ApiFormat format, IUsageParser parser)
    {
        ArgumentNullException.ThrowIfNull(parser);
        _parsers.Add((format, parser));
        return this;
    }

    /// <summary>Adds a Content-Encoding, or replaces one. The reader gets the encoded bytes; a decoded copy is
    /// tracked.</summary>
    /// <param name="name">The encoding's name in the header; case is ignored.</param>
    /// <param name="create">Creates the decoder of one body.</param>
    /// <returns>These options.</returns>
    /// <exception cref="ArgumentException"><paramref name="name"/> is null or blank.</exception>
    /// <exception cref="ArgumentNullException"><paramref name="create"/> is null.</exception>
    internal StreamUsageOptions AddContentEncoding(string name, Func<IContentDecoder> create)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(create);
        _contentDecoders[name] = create;
        return this;
    }

    /// <summary>Keeps the value of a captured header, in addition to the known harmless headers (content-*, date,
    /// server, via, request ids, rate limits and the like). URLs still lose their query, fragment and password. The
    /// last call for a name counts.</summary>
    /// <param name="name">The header's name; case is ignored.</param>
    /// <returns>These options.</returns>
    /// <exception cref="ArgumentException"><paramref name="name"/> is null or blank.</exception>
    public StreamUsageOptions CaptureHeader(string name) => Choose(name, isKept: true);

    /// <summary>Replaces the value of a captured header with <c>***</c>. The last call for a name counts.</summary>
    /// <param name="name">The header's name; case is ignored.</param>
    /// <returns>These options.</returns>
    /// <exception cref="ArgumentException"><paramref name="name"/> is null or blank.</exception>
    public StreamUsageOptions RedactHeader(string name) => Choose(name, isKept: false);

    /// <summary>Keeps the ids of background responses in a store that several processes share: one creates a response,
    /// another fetches it. Without this call, a tracker remembers 10,000 responses for 24 hours in memory.</summary>
    /// <remarks>The context has redacted headers and no request body. Calls run on the thread pool, at most 64 at once,
    /// each with <see cref="SinkTimeout"/>. A response that cannot be added is remembered in memory: if the store adds
    /// it after the timeout all the same, two processes may bill it. A claim that fails makes no record, and a later
    /// fetch tries again: if the store removed the id all the same, the response is not billed.</remarks>
    /// <param name="add">Stores a response id with the context of its request. Called once for an accepted
    /// response.</param>
    /// <param name="tryClaim">Removes a response id atomically, and returns its context; null if it was not there. Of
    /// several calls for one id, only one may get the context. A store that keeps ids alone returns an empty
    /// context.</param>
    /// <returns>These options.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public StreamUsageOptions SharePendingAnswers(
        Func<string, UsageContext, CancellationToken, ValueTask> add, Func<string, CancellationToken, ValueTask<UsageContext?>> tryClaim)
    {
        ArgumentNullException.ThrowIfNull(add);
        ArgumentNullException.ThrowIfNull(tryClaim);
        PendingAnswers = new PendingAnswerCallbacks(add, tryClaim);
        return this;
    }

    /// <summary>Returns a copy that has a container's services in place of unset ones, and its parsers last.</summary>
    internal StreamUsageOptions FillIn(
        ITokenEstimator? estimator, IUsagePricing? pricing, IMeterFactory? meterFactory, IEnumerable<IUsageParser> parsers)
    {
        var filled = (StreamUsageOptions)MemberwiseClone();
        filled.Estimator ??= estimator;
        filled.Pricing ??= pricing;
        filled.MeterFactory ??= meterFactory;
        filled._parsers = [.. _parsers, .. parsers.Select(parser => (new ApiFormat(parser.Protocol), parser))];
        return filled;
    }

    // A method, because the configuration binder generator of .NET 8 fails on a property of tuples.
    internal IReadOnlyList<(ApiFormat Format, IUsageParser Parser)> GetParsers() => _parsers;

    /// <summary>Returns a message that names the first invalid option and its range; null if all are valid.</summary>
    internal string? Validate() =>
        MaxEventBytes is < 1 or > EventBytesLimit ? Fault(nameof(MaxEventBytes), "from 1 byte to 1 GiB")
        : MaxRetainedBytes < 0 ? Fault(nameof(MaxRetainedBytes), "at least 0")
        : MaxRetainedTextBytes is < 0 or > TextBytesLimit ? Fault(nameof(MaxRetainedTextBytes), "from 0 to 64 MiB")
        : MaxRequestBodyBytes is < 0 or > TextBytesLimit ? Fault(nameof(MaxRequestBodyBytes), "from 0 to 64 MiB")
        : SinkTimeout <= TimeSpan.Zero || SinkTimeout > TimeSpan.FromDays(1)
            ? Fault(nameof(SinkTimeout), "more than zero and at most a day")
        : MaxConcurrentSinkCalls is < 1 or > 10_000 ? Fault(nameof(MaxConcurrentSinkCalls), "from 1 to 10,000")
        : EstimationTimeout <= TimeSpan.Zero || EstimationTimeout > TimeSpan.FromHours(1)
            ? Fault(nameof(EstimationTimeout), "more than zero and at most an hour")
        : MaxDeliveryAttempts is < 1 or > 100 ? Fault(nameof(MaxDeliveryAttempts), "from 1 to 100")
        : RetryDelay < TimeSpan.Zero || RetryDelay > TimeSpan.FromHours(1) ? Fault(nameof(RetryDelay), "zero or more and at most an hour")
        : ShutdownGracePeriod < TimeSpan.Zero || ShutdownGracePeriod > TimeSpan.FromHours(1)
            ? Fault(nameof(ShutdownGracePeriod), "zero or more and at most an hour")
        : Background?.FindInvalid() is { } background ? Fault($"{nameof(Background)}.{background.Option}", background.Range)
        : DrainAbortedStreams is { } drain && (drain.MaxTime <= TimeSpan.Zero || drain.MaxTime > TimeSpan.FromHours(1))
            ? Fault($"{nameof(DrainAbortedStreams)}.{nameof(DrainLimits.MaxTime)}", "more than zero and at most an hour")
        : DrainAbortedStreams is { MaxBytes: < 1 } ? Fault($"{nameof(DrainAbortedStreams)}.{nameof(DrainLimits.MaxBytes)}", "at least 1")
        : DrainAbortedStreams is { MaxConcurrent: < 1 }
            ? Fault($"{nameof(DrainAbortedStreams)}.{nameof(DrainLimits.MaxConcurrent)}", "at least 1")
        : MaxCapturedBytes is < 0 or > CapturedBytesLimit ? Fault(nameof(MaxCapturedBytes), "from 0 to 1 GiB")
        : MetricTags.Count > Diagnostics.MetricTags.MaxTags || !MetricTags.All(Diagnostics.MetricTags.IsAllowed)
            || MetricTags.Distinct().Count() != MetricTags.Count
            ? Fault(nameof(MetricTags), "at most 16 different names, none of which metrics already have")
        : (Capture & ~AllContent) != 0 ? Fault(nameof(Capture), "a combination of the named flags")
        : null;

    private StreamUsageOptions Choose(string name, bool isKept)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        _headerChoices[name] = isKept;
        return this;
    }

    private static string Fault(string option, string range) => $"{nameof(StreamUsageOptions)}.{option} must be {range}.";
}
