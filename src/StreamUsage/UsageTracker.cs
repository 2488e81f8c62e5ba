using System.Diagnostics.Metrics;
using System.IO.Pipelines;
using Microsoft.Extensions.Logging;
using StreamUsage.Buffers;
using StreamUsage.Capture;
using StreamUsage.Delivery;
using StreamUsage.Delivery.Outbox;
using StreamUsage.Diagnostics;
using StreamUsage.Framing;
using StreamUsage.Framing.Encodings;
using StreamUsage.Http;
using StreamUsage.Parsing;
using StreamUsage.PassThrough;
using StreamUsage.PassThrough.Sessions;
using StreamUsage.Pricing;
using StreamUsage.Recording;
using StreamUsage.Recording.Journal;
using StreamUsage.Recording.Stored;

namespace StreamUsage;

/// <summary>Tracks responses with one shared sink, options, parsers, estimator, pricing, logger and clock.
/// Thread-safe.</summary>
public sealed class UsageTracker : IAsyncDisposable, IDisposable
{
    private readonly TrackerShutdown _shutdown;
    private readonly EstimationWorker _worker;
    private readonly RecordDelivery _delivery;
    private readonly OpenJournal? _journal; // Null without an outbox.
    private readonly BodyDrainer? _drainer; // Null if draining is off.
    private readonly QueueGauges? _gauges;
    private readonly PriceTableGauge? _priceTableGauge;
    private readonly ILogger? _logger;
    private int _hasLoggedTwice, _hasLoggedNoContext;

    /// <summary>Creates a tracker.</summary>
    /// <param name="sink">Receives the records.</param>
    /// <param name="options">The options, read once; null for the defaults.</param>
    /// <param name="loggerFactory">Creates the logger of summaries and faults; null for none.</param>
    /// <param name="timeProvider">The clock; null for the system's. It must not block, as readers call it inside a
    /// lock.</param>
    /// <exception cref="ArgumentNullException"><paramref name="sink"/> is null.</exception>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public UsageTracker(
        IUsageSink sink, StreamUsageOptions? options = null, ILoggerFactory? loggerFactory = null, TimeProvider? timeProvider = null)
        : this(ToList(sink), options ?? new StreamUsageOptions(), loggerFactory, timeProvider, options?.MeterFactory)
    {
    }

    internal UsageTracker(
        IReadOnlyList<IUsageSink> sinks,
        StreamUsageOptions options,
        ILoggerFactory? loggerFactory,
        TimeProvider? timeProvider,
        IMeterFactory? meterFactory,
        string name = "",
        IRecordOutbox? outbox = null)
    {
        if (options.FindFault() is { } fault)
        {
            throw new ArgumentException(fault, nameof(options));
        }

        Time = timeProvider ?? TimeProvider.System;
        Budget = new BufferBudget(options.MaxRetainedBytes);
        var reading = new ReaderSettings(new ParserSet(options.GetParsers()), options.MaxEventBytes)
        {
            Budget = Budget,
            MaxRetainedTextBytes = options.MaxRetainedTextBytes,
        };
        Settings = new RecordSettings(
            options.Capture,
            options.MaxCapturedBytes,
            options.ThrowOnUnreadableStream,
            new HeaderRedaction(options.HeaderChoices),
            options.Estimator ?? RecordBuilder.DefaultEstimator,
            options.MaxRequestBodyBytes,
            options.Pricing);
        _logger = loggerFactory?.CreateLogger("StreamUsage");
        GenAIMetrics metrics = GenAIMetrics.For(meterFactory, options.LatestGenAIConventions);
        var reporter = new UsageReporter(_logger, UsageMeter.For(meterFactory))
        {
            Conventions = metrics,
            Tags = new MetricTags(options.MetricTags),
            Prices = options.Pricing is null ? null : new PricingReport(meterFactory),
        };
        _worker = new EstimationWorker(options.EstimationTimeout, Time);
        _delivery = new RecordDelivery(sinks, name, options, Budget, reporter, Time);
        _gauges = options.Background is null ? null : new QueueGauges(
            meterFactory, () => _delivery.Queues.Select(static queue => (queue.Calls.Name, queue.Length, queue.OldestAge)));
        _priceTableGauge = options.Pricing is PriceTable { WatchedFile: { } file } prices
            ? new PriceTableGauge(meterFactory, file, () => prices.Age) : null;
        var answers = new StoredAnswers(options.PendingAnswers, options.SinkTimeout, reporter, Time);
        var records = new RecordDispatcher(new RecordBuilder(Settings, _worker), _delivery, reporter, answers);
        _journal = outbox is null ? null : records.Use(outbox, Time);
        _shutdown = new TrackerShutdown(records, _worker, _delivery, reporter, options.ShutdownGracePeriod, Time);
        Bodies = new BodySettings(reading, new ContentDecoders(options.ContentDecoders), Settings.Redaction, records)
        {
            Time = Time,
            Sinks = sinks,
            Capture = options.Capture,
            MaxCapturedBytes = options.MaxCapturedBytes,
            MaxRequestBodyBytes = options.MaxRequestBodyBytes,
            Pricing = options.Pricing,
            Metrics = metrics,
            TagsCallers = options.TagCallerActivity,
            ThrowOnUnreadableStream = options.ThrowOnUnreadableStream,
        };
        Requests = RequestSettings.Of(options);
        _drainer = options.DrainAbortedStreams is { } drainLimits ? new BodyDrainer(drainLimits with { }, Time) : null;
    }

    internal TimeProvider Time { get; }

    internal RecordSettings Settings { get; }

    internal BufferBudget Budget { get; }

    internal BodySettings Bodies { get; }

    /// <summary>Gets why the outbox cannot store records at present; null if it can, or there is none.</summary>
    internal Exception? OutboxFault => Bodies.Records.Outbox?.Outbox.Fault;

    /// <summary>Gets what the handlers of this tracker share.</summary>
    internal RequestSettings Requests { get; }

    /// <summary>Tracks a stream. Disposing the returned stream disposes the body, unless it is to stay open.</summary>
    /// <param name="body">The body to read.</param>
    /// <param name="context">The context of the request.</param>
    /// <param name="tracking">The live handle.</param>
    /// <param name="response">The known facts about the response; null if none.</param>
    /// <returns>The stream to read in place of the body.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="body"/> or <paramref name="context"/> is
    /// null.</exception>
    public Stream Track(Stream body, UsageContext context, out UsageTracking tracking, TrackedResponse? response = null)
    {
        ArgumentNullException.ThrowIfNull(body);
        ArgumentNullException.ThrowIfNull(context);
        TrackedBody tracked = Begin(context, response);
        tracking = new UsageTracking(tracked);
        var guard = new AbandonmentGuard(tracked, _drainer);
        bool leaveOpen = response?.LeaveOpen ?? false;
        if (_drainer is not null && !leaveOpen)
        {
            var detachable = new DetachableStream(body, tracked);
            guard.Rest = detachable;
            body = detachable;
        }

        return new TrackedStream(body, guard, leaveOpen);
    }

    /// <summary>Tracks a pipe. Completing the returned reader completes the body, unless it is to stay open.</summary>
    /// <param name="body">The body to read.</param>
    /// <param name="context">The context of the request.</param>
    /// <param name="tracking">The live handle.</param>
    /// <param name="response">The known facts about the response; null if none.</param>
    /// <returns>The reader to use in place of the body.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="body"/> or <paramref name="context"/> is
    /// null.</exception>
    public PipeReader Track(PipeReader body, UsageContext context, out UsageTracking tracking, TrackedResponse? response = null)
    {
        ArgumentNullException.ThrowIfNull(body);
        ArgumentNullException.ThrowIfNull(context);
        TrackedBody tracked = Begin(context, response);
        tracking = new UsageTracking(tracked);
        var guard = new AbandonmentGuard(tracked, _drainer);
        bool leaveOpen = response?.LeaveOpen ?? false;
        var reader = new TrackedPipeReader(body, guard, leaveOpen);
        guard.Rest = _drainer is null || leaveOpen ? null : reader;
        return reader;
    }

    /// <summary>Tracks the responses on one socket: OpenAI Realtime, OpenAI Responses over a WebSocket, Gemini
    /// Live.</summary>
    /// <param name="context">The context of each record. If it names no model, the session's messages do.</param>
    /// <returns>The session, which reads the messages.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="context"/> is null.</exception>
    public UsageSession TrackMessages(UsageContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new UsageSession(this, context);
    }

    /// <summary>Reads a body that nobody else reads (a stored one, say) and delivers its record. A broken body is an
    /// outcome, not an exception. Completes the pipe, unless it is to stay open.</summary>
    /// <param name="body">The body to read.</param>
    /// <param name="context">The context of the request.</param>
    /// <param name="response">The known facts about the response; null if none.</param>
    /// <param name="cancellationToken">Stops reading; the record then covers what was read.</param>
    /// <returns>The record, once it was delivered, queued or stored, or failed.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="body"/> or <paramref name="context"/> is
    /// null.</exception>
    /// <exception cref="OperationCanceledException">The read was cancelled; the record was still delivered.</exception>
    public async Task<UsageRecord> ReadAsync(
        PipeReader body, UsageContext context, TrackedResponse? response = null, CancellationToken cancellationToken = default)
    {
        PipeReader reader = Track(body, context, out UsageTracking tracking, response);
        Exception? fault = null;
        try
        {
            ReadResult result;
            do
            {
                result = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                reader.AdvanceTo(result.Buffer.End);
            }
            while (!result.IsCompleted && !result.IsCanceled);
        }
        catch (Exception caught)
        {
            fault = caught;
        }

        await reader.CompleteAsync(fault).ConfigureAwait(false);
        UsageRecord record = await tracking.Completion.ConfigureAwait(false);
        if (fault is OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }

        return record;
    }

    /// <summary>Returns the default tracker of a sink.</summary>
    /// <remarks>The tracker has the default options. Undelivered records are written to
    /// <see cref="System.Diagnostics.Trace"/>. When the process exits, such trackers are stopped within 5
    /// seconds.</remarks>
    /// <param name="sink">Receives the records.</param>
    /// <returns>The tracker, the same for the same sink instance.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="sink"/> is null.</exception>
    public static UsageTracker For(IUsageSink sink)
    {
        ArgumentNullException.ThrowIfNull(sink);
        return DefaultTrackers.Get(sink);
    }

    /// <summary>Waits until the records of all ended responses are delivered or have failed. Ignores open
    /// responses.</summary>
    /// <param name="cancellationToken">Cancels the wait, not the delivery.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Task FlushAsync(CancellationToken cancellationToken = default) =>
        Bodies.Records.WhenDelivered().WaitAsync(cancellationToken);

    /// <summary>Loads the tokenizers, so that the first estimate does not wait. They take about 60 MB and a
    /// second.</summary>
    /// <param name="cancellationToken">Cancels the wait, not the loading.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Task WarmUpAsync(CancellationToken cancellationToken = default) =>
        _worker.RunAsync(() => RecordBuilder.WarmUp(Settings.Estimator), cancellationToken);

    /// <summary>Returns the state of each sink, for a health check, in the order in which the sinks were
    /// added.</summary>
    public IReadOnlyList<SinkStatus> GetSinkStatus() => [.. _delivery.Queues.Select(static queue => queue.GetStatus())];

    /// <summary>Records a request that got no response, as <see cref="StreamOutcome.NoResponse"/>. Call it once for
    /// each request.</summary>
    /// <remarks>The status is 499 and Cancelled if the caller cancelled, 504 for a timeout (also of
    /// <see cref="HttpClient"/> or Polly), else 502. <see cref="UsageRecord.HttpStatusCode"/> is null.</remarks>
    /// <param name="context">The context of the request. Set <see cref="UsageContext.RequestStartedAt"/> to measure the
    /// duration.</param>
    /// <param name="exception">The exception that ended the request; null if unknown (502).</param>
    /// <param name="requestWasSent">Whether the whole request was sent. If so, its input is estimated; else it costs
    /// nothing.</param>
    /// <returns>The handle of the record.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="context"/> is null.</exception>
    public UsageTracking RecordFailure(UsageContext context, Exception? exception = null, bool requestWasSent = true)
    {
        ArgumentNullException.ThrowIfNull(context);
        return RecordNoResponse(context, new SentRequest(context.RequestBody.Length), exception, requestWasSent);
    }

    internal UsageTracking RecordNoResponse(UsageContext context, in SentRequest request, Exception? exception, bool requestWasSent)
    {
        TrackedBody body = Begin(context, null, request);
        body.FinishWithoutResponse(exception, requestWasSent);
        return new UsageTracking(body);
    }

    /// <summary>Stops the tracker. Waits up to <see cref="StreamUsageOptions.ShutdownGracePeriod"/> for open responses,
    /// and records the rest as <see cref="StreamOutcome.Interrupted"/>. Then delivers, up to
    /// <see cref="BackgroundDeliveryOptions.ShutdownTimeout"/>, or <see cref="StreamUsageOptions.SinkTimeout"/> without
    /// a queue.</summary>
    /// <remarks>Remaining records are logged and passed to <see cref="StreamUsageOptions.OnDeliveryFailed"/>. Responses
    /// can still be tracked afterwards.</remarks>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None).ConfigureAwait(false);
        _journal?.Dispose();
        if (Bodies.Records.Outbox is { } outbox)
        {
            await outbox.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Stops the tracker like <see cref="DisposeAsync"/>, and blocks until it is stopped.</summary>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    /// <summary>Stops the tracker once. A cancelled token ends the wait for responses and shortens the
    /// delivery.</summary>
    internal async Task StopAsync(CancellationToken cancellationToken)
    {
        _drainer?.Dispose();
        await _shutdown.StopAsync(cancellationToken).ConfigureAwait(false);
        _gauges?.Dispose();
        _priceTableGauge?.Dispose();
    }

    /// <summary>Returns the expected cost of a request, for budgets. Faults of the estimator or the pricing never
    /// throw.</summary>
    /// <param name="context">The request body, and the provider, format and model if known.</param>
    /// <returns>The estimated input and, if priced, its cost and the cost with the longest output.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="context"/> is null.</exception>
    public UsageQuote Quote(UsageContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return RequestQuote.Of(context, Settings, Time.GetUtcNow());
    }

    /// <summary>Tracks a response that only a client's objects describe: its user passes each of them on.</summary>
    /// <param name="context">The context of the request.</param>
    /// <param name="parser">Reads what is passed on.</param>
    /// <param name="isStreamed">Whether the response comes in parts.</param>
    /// <param name="httpStatusCode">The HTTP status, if the client told it.</param>
    internal ClientResponse TrackClientResponse(UsageContext context, IUsageParser parser, bool isStreamed, int? httpStatusCode = null)
    {
        UsageScope.NoteTracked(Bodies);
        return new ClientResponse(Bodies, context, parser, isStreamed, httpStatusCode);
    }

    internal UsageTracking Track(HttpResponseMessage response, UsageContext context, in SentRequest request)
    {
        HttpContent content = response.Content;
        UsageTracking? latest = TrackedResponses.Find(response);
        for (UsageTracking? earlier = latest; earlier is not null; earlier = earlier.Earlier)
        {
            BodySettings other = earlier.Body!.Settings;
            if (ReferenceEquals(other, Bodies))
            {
                request.BodyCopy?.Dispose();
                return earlier;
            }

            if (other.HasSinksOf(Bodies))
            {
                earlier.Body.FillIn(context, request.BodyLength, request.BodyCopy);
                LogTrackedTwice(earlier.Body.Id);
                return earlier;
            }
        }

        IReadOnlyDictionary<string, string>? headers = Settings.CapturesHeaders ? Settings.Redaction.Capture(response) : null;
        KnownAnswer? known = KnownAnswer.Find(
            Header(content, "Content-Type"), asksForTranscript: request.AsksForTranscript && response.IsSuccessStatusCode);
        var body = new TrackedBody(
            Bodies, context, (int)response.StatusCode, ContentLength(content), Header(content, "Content-Encoding"), headers, known)
        {
            RequestUri = AbsoluteUri(response.RequestMessage?.RequestUri),
            IsFetch = request.StoredAnswerId is null
                && response.RequestMessage is { Method.Method: "GET" } get && ModelEndpoints.Find(get) is not null,
            RequestBodyLength = request.BodyLength,
            RequestBodyCopy = request.BodyCopy,
            StoredAnswerId = request.StoredAnswerId,
        };
        var tracking = new UsageTracking(body) { Earlier = latest };
        response.Content = new TrackedContent(content, body, tracking, _drainer);
        TrackedResponses.Add(response, tracking);
        Begin(body);
        return tracking;
    }

    /// <summary>Logs, once, that a response was tracked without a context.</summary>
    internal void LogNoContext(string? host) => LogOnce(ref _hasLoggedNoContext, logger => Log.NoContext(logger, LogText.Escape(host)));

    private void LogTrackedTwice(Guid recordId) => LogOnce(ref _hasLoggedTwice, logger => Log.TrackedTwice(logger, recordId));

    private void LogOnce(ref int hasLogged, Action<ILogger> log)
    {
        if (_logger is null || Interlocked.Exchange(ref hasLogged, 1) != 0)
        {
            return;
        }

        try
        {
            log(_logger);
        }
        catch (Exception)
        {
            // A faulty logger must not affect the caller.
        }
    }

    private TrackedBody Begin(UsageContext context, TrackedResponse? response, SentRequest? request = null)
    {
        IReadOnlyDictionary<string, string>? headers = Settings.CapturesHeaders ? Settings.Redaction.Redact(response?.Headers) : null;
        KnownAnswer? known = KnownAnswer.Find(response?.ContentType, asksForTranscript: false);
        var body = new TrackedBody(Bodies, context, response?.StatusCode, null, response?.ContentEncoding, headers, known)
        {
            RequestUri = AbsoluteUri(response?.RequestUri),
            RequestBodyLength = request?.BodyLength ?? context.RequestBody.Length,
            RequestBodyCopy = request?.BodyCopy,
        };
        Begin(body);
        return body;
    }

    private static void Begin(TrackedBody body)
    {
        UsageScope.NoteTracked(body.Settings);
        body.Begin();
    }

    private static Uri? AbsoluteUri(Uri? uri) => uri is { IsAbsoluteUri: true } ? uri : null;

    private static IReadOnlyList<IUsageSink> ToList(IUsageSink sink)
    {
        ArgumentNullException.ThrowIfNull(sink);
        return [sink];
    }

    // Reads the header only: asking the content would make some contents compute their length.
    private static long? ContentLength(HttpContent content) =>
        content.Headers.NonValidated.TryGetValues("Content-Length", out System.Net.Http.Headers.HeaderStringValues values)
        && long.TryParse(
            values.ToString(),
            System.Globalization.NumberStyles.None,
            System.Globalization.CultureInfo.InvariantCulture,
            out long length) ? length : null;

    // Null if missing: a handler that decodes bodies removes Content-Encoding.
    private static string? Header(HttpContent content, string name) =>
        content.Headers.NonValidated.TryGetValues(name, out System.Net.Http.Headers.HeaderStringValues values) ? values.ToString() : null;
}
