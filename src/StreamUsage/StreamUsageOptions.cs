using System.Diagnostics.Metrics;
using StreamUsage.Estimation;
using StreamUsage.Framing.Encodings;
using StreamUsage.Parsing;
using StreamUsage.Pricing;

namespace StreamUsage;

/// <summary>Limits and choices of a <see cref="UsageTracker"/>. Read and validated once, when the tracker is made.</summary>
public sealed class StreamUsageOptions
{
    private const long MaxMaxEventBytes = 1024 * 1024 * 1024;
    private const long MaxMaxCapturedBytes = 1024 * 1024 * 1024;
    private const CapturedContent AllContent = CapturedContent.Message | CapturedContent.Events | CapturedContent.RequestBody | CapturedContent.Headers;
    private const int MaxMaxTextBytes = 64 * 1024 * 1024;

    private List<(ApiFormat Format, IUsageParser Parser)> _parsers = [];
    private readonly Dictionary<string, Func<IContentDecoder>> _contentDecoders = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, bool> _headerChoices = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The largest event that is buffered when a read cuts it, in bytes: 1 MiB unless set; from 1 byte to 1 GiB. A larger event is not buffered: its usage is read all the same as it passes.</summary>
    public long MaxEventBytes { get; set; } = 1024 * 1024;

    /// <summary>
    /// Gets or sets what all responses of a tracker may keep together while they are read, in bytes: 256 MiB unless
    /// set; at least 0. The first 4 KiB of each kind are free. These count, and at the limit:
    /// <list type="bullet">
    /// <item><description>an event that a read cuts is read as it passes, like one over <see cref="MaxEventBytes"/>;</description></item>
    /// <item><description>the output's text is not kept, and its characters are counted by class;</description></item>
    /// <item><description>the copy that <see cref="UsageTrackingHandler"/> makes of a request's body is not kept, and
    /// the input is estimated by its size. A copy that was kept goes as soon as the provider reports the input;</description></item>
    /// <item><description>nothing more is captured (<see cref="CapturedResponse.Truncated"/>), except the excerpt of a
    /// body that cannot be read, which counts and is kept all the same;</description></item>
    /// <item><description>a usage object of more than 4 KiB is read but not kept.</description></item>
    /// </list>
    /// </summary>
    public long MaxRetainedBytes { get; set; } = 256 * 1024 * 1024;

    /// <summary>What is kept in a record beside the figures: the response's headers, redacted, unless set.</summary>
    public CapturedContent Capture { get; set; } = CapturedContent.Headers;

    /// <summary>
    /// Gets or sets the most that <see cref="Capture"/> keeps of one response's message and events together, and of its
    /// request's body, in bytes of UTF-8: 1 MiB unless set; from 0 to 1 GiB. The objects count as well: 256 bytes a
    /// block, 160 a text in it, 48 an event. What goes past the limit is left out, and
    /// <see cref="CapturedResponse.Truncated"/> says so.
    /// </summary>
    public long MaxCapturedBytes { get; set; } = 1024 * 1024;

    /// <summary>Whether the reader's last read throws <see cref="EmptyStreamException"/> where the body was empty or held nothing that any parser reads. False unless set: the record says it.</summary>
    public bool ThrowOnUnreadableStream { get; set; }

    /// <summary>
    /// Whether, and how far, a body is read on in the background when its reader leaves before the end, so that the provider's own final usage is recorded; null, the default, for not at all.
    /// The outcome stays <see cref="StreamOutcome.ClientAborted"/>, and <see cref="UsageRecord.Drained"/> says that the usage was read to the end. The provider goes on producing, and billing, what nobody reads.
    /// Where it is set, a caller's token ends the caller's wait and not the read of the connection, which a cancelled read would kill: each piece is then copied once, from a buffer of our own.
    /// </summary>
    public DrainLimits? DrainAbortedStreams { get; set; }

    /// <summary>How long one call of the sink may take: 30 seconds unless set; more than zero, at most a day. A call that takes longer has failed.</summary>
    public TimeSpan SinkTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Gets or sets how many calls of one sink run at once where there is no queue (<see cref="Background"/>): 64 by default; from 1 to 10,000.
    /// </summary>
    public int MaxConcurrentSinkCalls { get; set; } = 64;

    /// <summary>
    /// Gets or sets how often a record is passed to a sink that fails, the first time included: 4 by default; from 1 to 100. In the background, a failed
    /// batch is split, a record that fails alone gets three times as many attempts, and a sink that takes nothing at all is waited for.
    /// </summary>
    public int MaxDeliveryAttempts { get; set; } = 4;

    /// <summary>The pause before the second attempt: 200 milliseconds unless set; zero or more, at most an hour. It doubles, with jitter, for each further one.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// The last resort for a record that a sink did not get (attempts used up, no room in the queue, or no time at a shutdown), after it was counted and logged; null for none. Called once for each sink that did
    /// not get it, within <see cref="SinkTimeout"/>; what it throws is logged.
    /// </summary>
    public Func<UsageRecord, CancellationToken, ValueTask>? OnDeliveryFailed { get; set; }

    /// <summary>The queue between the tracker and its sinks; null, the default, for none: each record is then handed over by itself as soon as it is made, and <see cref="UsageTracking.Completion"/> waits for the sink.</summary>
    public BackgroundDeliveryOptions? Background { get; set; }

    /// <summary>
    /// How long a stop (a host's, or <see cref="UsageTracker.DisposeAsync"/>) waits for responses that are still being read: 5 seconds unless set; zero or more, at most an hour. The rest are then recorded with
    /// what was seen of them, as <see cref="StreamOutcome.Interrupted"/> with the error type <c>shutdown</c>; their readers read on.
    /// </summary>
    public TimeSpan ShutdownGracePeriod { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How much of a response's output is kept, until it has ended, to be counted where the provider does not say what it cost, in bytes: 64 KiB unless set; from 0 to 64 MiB. Past it the tokens of the kept part stand for
    /// the rest; with 0 the output is estimated from its characters alone.
    /// </summary>
    public int MaxRetainedTextBytes { get; set; } = 64 * 1024;

    /// <summary>
    /// The largest request body that is read to estimate its tokens, in bytes: 4 MiB unless set; from 0 to 64 MiB. A larger one is estimated by its size: a token for 4 bytes. It is also the most that
    /// <see cref="UsageTrackingHandler"/> keeps of a body while it is sent.
    /// </summary>
    public int MaxRequestBodyBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>Counts what the provider did not report; null means the container's, where there is one that has it, else a <see cref="ModelTokenEstimator"/>.</summary>
    public ITokenEstimator? Estimator { get; set; }

    /// <summary>
    /// Gets or sets how long one call of the estimator or the pricing may take: 10 seconds by default; more than zero, at most an hour. A call that
    /// takes longer is abandoned: the basic rule of 4 characters a token counts, and the record has <see cref="UsageAnomalies.UncertainBill"/>.
    /// </summary>
    public TimeSpan EstimationTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Gets or sets whether a host's start loads the tokenizers in the background: false by default. See <see cref="UsageTracker.WarmUpAsync"/>.</summary>
    public bool WarmUpOnStart { get; set; }

    /// <summary>Puts a price on each record; null means the container's, where there is one that has it, else none.</summary>
    public IUsagePricing? Pricing { get; set; }

    /// <summary>Where the meter "StreamUsage" is made; null means the container's factory, where there is one, else a meter that such trackers share.</summary>
    public IMeterFactory? MeterFactory { get; set; }

    internal IReadOnlyDictionary<string, Func<IContentDecoder>> ContentDecoders => _contentDecoders;

    /// <summary>Gets the headers that <see cref="CaptureHeader"/> and <see cref="RedactHeader"/> named, and whether their values are kept.</summary>
    internal IReadOnlyDictionary<string, bool> HeaderChoices => new Dictionary<string, bool>(_headerChoices, StringComparer.OrdinalIgnoreCase);

    /// <summary>Adds a parser for a format. It is asked before the built-in ones; where a caller names its format, before all others.</summary>
    /// <param name="format">The format it reads, known or new.</param>
    /// <param name="parser">The parser.</param>
    /// <returns>These options.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="parser"/> is null.</exception>
    public StreamUsageOptions AddParser(ApiFormat format, IUsageParser parser)
    {
        ArgumentNullException.ThrowIfNull(parser);
        _parsers.Add((format, parser));
        return this;
    }

    /// <summary>Adds a Content-Encoding beside gzip, deflate and br, or in place of one of them. A body under it passes as it is; a decoded copy is accounted.</summary>
    /// <param name="name">Its name in the header; case does not matter.</param>
    /// <param name="create">Makes the decoder of one body.</param>
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

    /// <summary>
    /// Keeps the value of a header wherever headers are kept, beside the known harmless ones (content-*, accept*, date, server, via, retry-after, user-agent, request ids, rate limits, versions and processing
    /// times of providers, and the like). URLs in it lose their query, fragment and password all the same. The last call for a name counts.
    /// </summary>
    /// <param name="name">The header's name; case does not matter.</param>
    /// <returns>These options.</returns>
    /// <exception cref="ArgumentException"><paramref name="name"/> is null or blank.</exception>
    public StreamUsageOptions CaptureHeader(string name) => Choose(name, isKept: true);

    /// <summary>Keeps <c>***</c> in place of the value of a header wherever headers are kept, though it is one of the known harmless ones. The last call for a name counts.</summary>
    /// <param name="name">The header's name; case does not matter.</param>
    /// <returns>These options.</returns>
    /// <exception cref="ArgumentException"><paramref name="name"/> is null or blank.</exception>
    public StreamUsageOptions RedactHeader(string name) => Choose(name, isKept: false);

    /// <summary>The same, with what a container has in the place of what was not set, and with its parsers after the added ones, each under the format that its wire names.</summary>
    internal StreamUsageOptions FillIn(ITokenEstimator? estimator, IUsagePricing? pricing, IEnumerable<IUsageParser> parsers)
    {
        var filled = (StreamUsageOptions)MemberwiseClone();
        filled.Estimator ??= estimator;
        filled.Pricing ??= pricing;
        filled._parsers = [.. _parsers, .. parsers.Select(parser => (new ApiFormat(parser.Protocol), parser))];
        return filled;
    }

    /// <summary>The parsers that were added. A method, because the generator of configuration binders of .NET 8 stumbles over a property of tuples.</summary>
    internal IReadOnlyList<(ApiFormat Format, IUsageParser Parser)> GetParsers() => _parsers;

    /// <summary>What is wrong with the options, naming the option and its range; null where nothing is.</summary>
    internal string? FindFault() =>
        MaxEventBytes is < 1 or > MaxMaxEventBytes ? Fault(nameof(MaxEventBytes), "from 1 byte to 1 GiB")
        : MaxRetainedBytes < 0 ? Fault(nameof(MaxRetainedBytes), "at least 0")
        : MaxRetainedTextBytes is < 0 or > MaxMaxTextBytes ? Fault(nameof(MaxRetainedTextBytes), "from 0 to 64 MiB")
        : MaxRequestBodyBytes is < 0 or > MaxMaxTextBytes ? Fault(nameof(MaxRequestBodyBytes), "from 0 to 64 MiB")
        : SinkTimeout <= TimeSpan.Zero || SinkTimeout > TimeSpan.FromDays(1) ? Fault(nameof(SinkTimeout), "more than zero and at most a day")
        : MaxConcurrentSinkCalls is < 1 or > 10_000 ? Fault(nameof(MaxConcurrentSinkCalls), "from 1 to 10,000")
        : EstimationTimeout <= TimeSpan.Zero || EstimationTimeout > TimeSpan.FromHours(1) ? Fault(nameof(EstimationTimeout), "more than zero and at most an hour")
        : MaxDeliveryAttempts is < 1 or > 100 ? Fault(nameof(MaxDeliveryAttempts), "from 1 to 100")
        : RetryDelay < TimeSpan.Zero || RetryDelay > TimeSpan.FromHours(1) ? Fault(nameof(RetryDelay), "zero or more and at most an hour")
        : ShutdownGracePeriod < TimeSpan.Zero || ShutdownGracePeriod > TimeSpan.FromHours(1) ? Fault(nameof(ShutdownGracePeriod), "zero or more and at most an hour")
        : Background?.FindFault() is { } background ? Fault($"{nameof(Background)}.{background.Option}", background.Range)
        : DrainAbortedStreams is { } drain && (drain.MaxTime <= TimeSpan.Zero || drain.MaxTime > TimeSpan.FromHours(1)) ? Fault($"{nameof(DrainAbortedStreams)}.{nameof(DrainLimits.MaxTime)}", "more than zero and at most an hour")
        : DrainAbortedStreams is { MaxBytes: < 1 } ? Fault($"{nameof(DrainAbortedStreams)}.{nameof(DrainLimits.MaxBytes)}", "at least 1")
        : DrainAbortedStreams is { MaxConcurrent: < 1 } ? Fault($"{nameof(DrainAbortedStreams)}.{nameof(DrainLimits.MaxConcurrent)}", "at least 1")
        : MaxCapturedBytes is < 0 or > MaxMaxCapturedBytes ? Fault(nameof(MaxCapturedBytes), "from 0 to 1 GiB")
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
