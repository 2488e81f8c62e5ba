using System.Diagnostics.Metrics;
using System.IO.Pipelines;
using Microsoft.Extensions.Logging;
using StreamUsage.Buffers;
using StreamUsage.Capture;
using StreamUsage.Delivery;
using StreamUsage.Diagnostics;
using StreamUsage.Framing;
using StreamUsage.Framing.Encodings;
using StreamUsage.Parsing;
using StreamUsage.PassThrough;
using StreamUsage.Pricing;
using StreamUsage.Recording;

namespace StreamUsage;

/// <summary>
/// Tracks responses: the sink, options, parsers, estimator, pricing, logger and clock that they share. Thread-safe; made once and used for all.
/// </summary>
public sealed class UsageTracker : IAsyncDisposable, IDisposable
{
    private readonly TrackerShutdown _shutdown;
    private readonly EstimationWorker _worker;
    private readonly RecordDelivery _delivery;
    private readonly BodyDrainer? _drainer; // Null if draining is off.
    private readonly QueueGauges? _gauges;
    private readonly ILogger? _logger;
    private int _hasLoggedTwice;

    /// <summary>Makes a tracker.</summary>
    /// <param name="sink">Where records go.</param>
    /// <param name="options">Limits and choices, read once here; null means the defaults.</param>
    /// <param name="loggerFactory">Where the summary line of each response and faults are logged; null means nowhere.</param>
    /// <param name="timeProvider">The clock; null means the system's. It is read on readers' threads under the lock of a body, and on the finalizer's thread where one was abandoned: it must not block.</param>
    /// <exception cref="ArgumentNullException"><paramref name="sink"/> is null.</exception>
    /// <exception cref="ArgumentException">An option is out of its range; the message names it.</exception>
    public UsageTracker(IUsageSink sink, StreamUsageOptions? options = null, ILoggerFactory? loggerFactory = null, TimeProvider? timeProvider = null)
        : this(ToList(sink), options ?? new StreamUsageOptions(), loggerFactory, timeProvider, options?.MeterFactory)
    {
    }

    internal UsageTracker(IReadOnlyList<IUsageSink> sinks, StreamUsageOptions options, ILoggerFactory? loggerFactory, TimeProvider? timeProvider, IMeterFactory? meterFactory, string name = "")
    {
        if (options.FindFault() is { } fault)
        {
            throw new ArgumentException(fault, nameof(options));
        }

        Time = timeProvider ?? TimeProvider.System;
        Budget = new BufferBudget(options.MaxRetainedBytes);
        var reading = new ReaderSettings(new ParserSet(options.GetParsers()), options.MaxEventBytes) { Budget = Budget, MaxRetainedTextBytes = options.MaxRetainedTextBytes };
        Settings = new RecordSettings(
            options.Capture,
            options.MaxCapturedBytes,
            options.ThrowOnUnreadableStream,
            new HeaderRedaction(options.HeaderChoices),
            options.Estimator ?? RecordBuilder.DefaultEstimator,
            options.MaxRequestBodyBytes,
            options.Pricing);
        _logger = loggerFactory?.CreateLogger("StreamUsage");
        var reporter = new UsageReporter(_logger, UsageMeter.For(meterFactory))
        {
            Prices = options.Pricing is null ? null : new PricingReport(meterFactory),
        };
        _worker = new EstimationWorker(options.EstimationTimeout, Time);
        _delivery = new RecordDelivery(sinks, name, options, Budget, reporter, Time);
        _gauges = options.Background is null
            ? null : new QueueGauges(meterFactory, () => _delivery.Queues.Select(static queue => (queue.Calls.Name, queue.Length, queue.OldestAge)));
        var records = new RecordDispatcher(new RecordBuilder(Settings, _worker), _delivery, reporter);
        _shutdown = new TrackerShutdown(records, _worker, _delivery, reporter, options.ShutdownGracePeriod, Time);
        Bodies = new BodySettings(reading, new ContentDecoders(options.ContentDecoders), Settings.Redaction, records)
        {
            Time = Time,
            Sinks = sinks,
            Capture = options.Capture,
            MaxCapturedBytes = options.MaxCapturedBytes,
            MaxRequestBodyBytes = options.MaxRequestBodyBytes,
            Pricing = options.Pricing,
            ThrowOnUnreadableStream = options.ThrowOnUnreadableStream,
        };
        _drainer = options.DrainAbortedStreams is { } drainLimits ? new BodyDrainer(drainLimits with { }, Time) : null;
    }

    internal TimeProvider Time { get; }

    internal RecordSettings Settings { get; }

    /// <summary>What all responses together may keep.</summary>
    internal BufferBudget Budget { get; }

    /// <summary>What its bodies share.</summary>
    internal BodySettings Bodies { get; }

    /// <summary>Tracks a body that is a stream. Reads of the returned stream are the body's own reads; disposing it disposes the body, unless it is to stay open.</summary>
    /// <param name="body">The body to read.</param>
    /// <param name="context">What the caller says about the request.</param>
    /// <param name="tracking">The live handle.</param>
    /// <param name="response">What is known of the response; null where nothing is.</param>
    /// <returns>The stream to read in the body's place.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="body"/> or <paramref name="context"/> is null.</exception>
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

    /// <summary>Tracks a body that is a pipe. What the returned reader shows is what the body's own reader shows; completing it completes the body, unless it is to stay open.</summary>
    /// <param name="body">The body to read.</param>
    /// <param name="context">What the caller says about the request.</param>
    /// <param name="tracking">The live handle.</param>
    /// <param name="response">What is known of the response; null where nothing is.</param>
    /// <returns>The reader to use in the body's place.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="body"/> or <paramref name="context"/> is null.</exception>
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

    /// <summary>Tracks the responses on one socket, from the messages that the server sends: OpenAI Realtime, OpenAI Responses over a WebSocket, Gemini Live.</summary>
    /// <param name="context">What the caller says about the session's requests: the context of each of its records. Where it names no model, the session's messages do.</param>
    /// <returns>The session, which takes the messages.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="context"/> is null.</exception>
    public UsageSession TrackMessages(UsageContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new UsageSession(this, context);
    }

    /// <summary>
    /// Reads a body that nobody else reads (a stored one, say) to its end and hands over its record. A body that breaks is an outcome in the record, not an exception. The pipe is completed
    /// unless it is to stay open.
    /// </summary>
    /// <param name="body">The body to read.</param>
    /// <param name="context">What the caller says about the request.</param>
    /// <param name="response">What is known of the response; null where nothing is.</param>
    /// <param name="cancellationToken">Ends the reading; the record is then made of what was read.</param>
    /// <returns>The record, once it was handed over.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="body"/> or <paramref name="context"/> is null.</exception>
    /// <exception cref="OperationCanceledException">The reading was cancelled; the record has been handed over all the same.</exception>
    public async Task<UsageRecord> ReadAsync(PipeReader body, UsageContext context, TrackedResponse? response = null, CancellationToken cancellationToken = default)
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

    /// <summary>Returns the tracker that <see cref="HttpResponseMessageExtensions.TrackUsage(HttpResponseMessage, IUsageSink, UsageContext)"/> uses for a sink.</summary>
    /// <remarks>
    /// It has the default options, and writes records that the sink did not get to <see cref="System.Diagnostics.Trace"/>. When the process exits (its
    /// <c>Main</c> returns, or <see cref="Environment.Exit"/> is called), such trackers are stopped within 5 seconds.
    /// </remarks>
    /// <param name="sink">Receives the records.</param>
    /// <returns>The tracker: the same one for the same sink instance.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="sink"/> is null.</exception>
    public static UsageTracker For(IUsageSink sink)
    {
        ArgumentNullException.ThrowIfNull(sink);
        return DefaultTrackers.Get(sink);
    }

    /// <summary>Waits until the records of all responses that have ended so far are delivered, or have failed. Responses that are being read are not waited for.</summary>
    /// <param name="cancellationToken">Ends the waiting; the records are delivered all the same.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Task FlushAsync(CancellationToken cancellationToken = default) => Bodies.Records.WhenDelivered().WaitAsync(cancellationToken);

    /// <summary>Loads the tokenizers, so that the first estimate does not wait for them. They take about 60 MB and a second.</summary>
    /// <param name="cancellationToken">Ends the waiting; the loading goes on.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Task WarmUpAsync(CancellationToken cancellationToken = default) =>
        _worker.RunAsync(() => RecordBuilder.WarmUp(Settings.Estimator), cancellationToken);

    /// <summary>Returns the state of each sink, for a health check.</summary>
    /// <returns>The sinks, in the order in which they were added.</returns>
    public IReadOnlyList<SinkStatus> GetSinkStatus() => [.. _delivery.Queues.Select(static queue => queue.GetStatus())];

    /// <summary>
    /// Records a request that got no response: <see cref="StreamOutcome.NoResponse"/>. The status is 499 and Cancelled if
    /// the caller cancelled, 504 for a timeout (also one that <see cref="HttpClient"/> or Polly reports), else 502.
    /// <see cref="UsageRecord.HttpStatusCode"/> is null. Call it once a request; the record is delivered like any other.
    /// </summary>
    /// <param name="context">What the caller says about the request. The duration is measured from <see cref="UsageContext.RequestStartedAt"/>, where that is given.</param>
    /// <param name="exception">What ended the request; null where that is not known, which is a 502.</param>
    /// <param name="requestWasSent">
    /// Whether the request was sent in full. The provider may then have read it, and its input is estimated; else nothing is charged.
    /// </param>
    /// <returns>The handle of the record.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="context"/> is null.</exception>
    public UsageTracking RecordFailure(UsageContext context, Exception? exception = null, bool requestWasSent = true)
    {
        ArgumentNullException.ThrowIfNull(context);
        TrackedBody body = Begin(context, null);
        body.FinishWithoutResponse(exception, requestWasSent);
        return new UsageTracking(body);
    }

    /// <summary>
    /// Stops the tracker. It stops draining, waits up to <see cref="StreamUsageOptions.ShutdownGracePeriod"/> for responses that are being read, and
    /// records the rest as <see cref="StreamOutcome.Interrupted"/>. Then it delivers, up to <see cref="BackgroundDeliveryOptions.ShutdownTimeout"/>, or
    /// <see cref="StreamUsageOptions.SinkTimeout"/> where there is no queue. Records that are left are logged and passed to
    /// <see cref="StreamUsageOptions.OnDeliveryFailed"/>. A response that is tracked afterwards is recorded like any other.
    /// </summary>
    public ValueTask DisposeAsync() => new(StopAsync(CancellationToken.None));

    /// <summary>Does what <see cref="DisposeAsync"/> does, and blocks until it is done.</summary>
    public void Dispose() => StopAsync(CancellationToken.None).GetAwaiter().GetResult();

    /// <summary>Stops the tracker, or returns the stop that has begun. A cancelled token ends the waiting for responses and shortens the delivery.</summary>
    internal async Task StopAsync(CancellationToken cancellationToken)
    {
        _drainer?.Dispose();
        await _shutdown.StopAsync(cancellationToken).ConfigureAwait(false);
        _gauges?.Dispose();
    }

    /// <summary>Returns what a request may cost, before it is sent: for budgets. Never throws because of the estimator or the pricing.</summary>
    /// <param name="context">The request: <see cref="UsageContext.RequestBody"/>, and the provider, format and model as far as they are known.</param>
    /// <returns>Its estimated input and, where there is a price, what that and the longest output cost.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="context"/> is null.</exception>
    public UsageQuote Quote(UsageContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return RequestQuote.Of(context, Settings, Time.GetUtcNow());
    }

    internal UsageTracking Track(
        HttpResponseMessage response, UsageContext context, long requestBodyLength, IDisposable? requestBodyCopy, bool asksForTranscript = false)
    {
        HttpContent content = response.Content;
        foreach (UsageTracking earlier in TrackedResponses.Find(response))
        {
            BodySettings other = earlier.Body!.Settings;
            if (ReferenceEquals(other, Bodies))
            {
                requestBodyCopy?.Dispose();
                return earlier;
            }

            if (other.HasSinksOf(Bodies))
            {
                earlier.Body.FillIn(context, requestBodyLength);
                LogTrackedTwice(earlier.Body.Id);
                return earlier;
            }
        }

        IReadOnlyDictionary<string, string>? headers = Settings.CapturesHeaders ? Settings.Redaction.Capture(response) : null;
        KnownAnswer? known = KnownAnswer.Find(Header(content, "Content-Type"), asksForTranscript);
        var body = new TrackedBody(Bodies, context, (int)response.StatusCode, ContentLength(content), Header(content, "Content-Encoding"), headers, known)
        {
            RequestBodyLength = requestBodyLength,
            RequestBodyCopy = requestBodyCopy,
        };
        var tracking = new UsageTracking(body);
        response.Content = new TrackedContent(content, body, tracking, _drainer);
        TrackedResponses.Add(response, tracking);
        body.Begin();
        return tracking;
    }

    private void LogTrackedTwice(Guid recordId)
    {
        if (_logger is null || Interlocked.Exchange(ref _hasLoggedTwice, 1) != 0)
        {
            return;
        }

        try
        {
            Log.TrackedTwice(_logger, recordId);
        }
        catch (Exception)
        {
            // A logger that throws is never felt by who tracks.
        }
    }

    private TrackedBody Begin(UsageContext context, TrackedResponse? response)
    {
        IReadOnlyDictionary<string, string>? headers = Settings.CapturesHeaders ? Settings.Redaction.Redact(response?.Headers) : null;
        KnownAnswer? known = KnownAnswer.Find(response?.ContentType, asksForTranscript: false);
        var body = new TrackedBody(Bodies, context, response?.StatusCode, null, response?.ContentEncoding, headers, known);
        body.Begin();
        return body;
    }

    private static IReadOnlyList<IUsageSink> ToList(IUsageSink sink)
    {
        ArgumentNullException.ThrowIfNull(sink);
        return [sink];
    }

    // As the header says it. Asking the content would have some contents compute it.
    private static long? ContentLength(HttpContent content) =>
        content.Headers.NonValidated.TryGetValues("Content-Length", out System.Net.Http.Headers.HeaderStringValues values)
        && long.TryParse(values.ToString(), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out long length) ? length : null;

    // As it was sent; null where there is none. A handler that decodes bodies itself takes Content-Encoding away.
    private static string? Header(HttpContent content, string name) =>
        content.Headers.NonValidated.TryGetValues(name, out System.Net.Http.Headers.HeaderStringValues values) ? values.ToString() : null;
}
