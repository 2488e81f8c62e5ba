using System.Diagnostics.Metrics;
using System.IO.Pipelines;
using Microsoft.Extensions.Logging;
using StreamUsage.Buffers;
using StreamUsage.Capture;
using StreamUsage.Delivery;
using StreamUsage.Delivery.Outbox;
using StreamUsage.Diagnostics;
using StreamUsage.Estimation;
using StreamUsage.Estimation.Counting;
using StreamUsage.Framing;
using StreamUsage.Framing.Encodings;
using StreamUsage.Http;
using StreamUsage.Parsing;
using StreamUsage.PassThrough;
using StreamUsage.Pricing;
using StreamUsage.Recording;
using StreamUsage.Recording.Building;
using StreamUsage.Recording.Journal;
using StreamUsage.Recording.Stored;

namespace StreamUsage;

/// <summary>Tracks responses. All of them share the tracker's sink, options, logger and clock. Thread-safe.</summary>
/// <remarks>A container's tracker can have several sinks; each gets every record. Create one tracker and keep
/// it.</remarks>
public sealed class UsageTracker : IAsyncDisposable, IDisposable
{
    private static readonly ModelTokenEstimator DefaultEstimator = new();

    private readonly TrackerShutdown _shutdown;
    private readonly EstimationWorker _worker;
    private readonly RecordDelivery _delivery;
    private readonly OpenJournal? _journal; // Null without an outbox.
    private readonly BodyDrainer? _drainer; // Null if draining is off.
    private readonly TrackerGauges _gauges;

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
        : this((IReadOnlyList<IUsageSink>)[sink ?? throw new ArgumentNullException(nameof(sink))],
            options ?? new StreamUsageOptions(), loggerFactory, timeProvider)
    {
    }

    internal UsageTracker(
        IReadOnlyList<IUsageSink> sinks,
        StreamUsageOptions options,
        ILoggerFactory? loggerFactory,
        TimeProvider? timeProvider,
        string name = "",
        IRecordOutbox? outbox = null)
    {
        if (options.Validate() is { } error)
        {
            throw new ArgumentException(error, nameof(options));
        }

        IMeterFactory? meterFactory = options.MeterFactory;
        Time = timeProvider ?? TimeProvider.System;
        Budget = new BufferBudget(options.MaxRetainedBytes);
        var reading = new ReaderSettings(new ParserSet(options.GetParsers()), options.MaxEventBytes)
        {
            Budget = Budget,
            MaxRetainedTextBytes = options.MaxRetainedTextBytes,
        };
        RecordSettings = new RecordSettings(
            options.Capture,
            options.MaxCapturedBytes,
            options.ThrowOnUnreadableStream,
            new HeaderRedaction(options.HeaderChoices),
            options.Estimator ?? DefaultEstimator,
            options.MaxRequestBodyBytes,
            options.Pricing);
        ILogger? logger = loggerFactory?.CreateLogger("StreamUsage");
        GenAIMetrics metrics = GenAIMetrics.For(meterFactory, options.LatestGenAIConventions);
        var reporter = new UsageReporter(logger, UsageMeter.For(meterFactory))
        {
            Conventions = metrics,
            Tags = new MetricTags(options.MetricTags),
            Prices = options.Pricing is null ? null : new PricingReport(meterFactory),
        };
        _worker = new EstimationWorker(options.EstimationTimeout, Time);
        _delivery = new RecordDelivery(sinks, name, options, Budget, reporter, Time);
        _gauges = new TrackerGauges(meterFactory);
        if (options.Background is not null)
        {
            _gauges.AddQueues(() => _delivery.Queues.Select(static queue => (queue.Calls.Name, queue.Length, queue.OldestAge)));
        }

        if (options.Pricing is PriceTable { WatchedFile: { } file } prices)
        {
            _gauges.AddPriceTable(file, () => prices.Age);
        }

        var answers = new StoredAnswers(options.PendingAnswers, options.SinkTimeout, reporter, Time);
        var records = new RecordDispatcher(new RecordBuilder(RecordSettings, _worker), _delivery, reporter, answers);
        _journal = outbox is null ? null : records.StartOutbox(outbox, Time);
        _shutdown = new TrackerShutdown(records, _worker, _delivery, reporter, options.ShutdownGracePeriod, Time);
        BodySettings = new BodySettings(RecordSettings, reading, new ContentDecoders(options.ContentDecoders), records)
        {
            Time = Time,
            Sinks = sinks,
            Metrics = metrics,
            TagsCallers = options.TagCallerActivity,
        };
        RequestSettings = RequestSettings.Of(options);
        _drainer = options.DrainAbortedStreams is { } drainLimits ? new BodyDrainer(drainLimits with { }, Time) : null;
        Responses = new ResponseTracker(BodySettings, RecordSettings, _drainer, logger);
    }

    internal TimeProvider Time { get; }

    internal RecordSettings RecordSettings { get; }

    internal BufferBudget Budget { get; }

    internal BodySettings BodySettings { get; }

    /// <summary>Gets why the outbox cannot store records at present; null if it can, or there is none.</summary>
    internal Exception? OutboxFault => BodySettings.Records.Outbox?.Outbox.Fault;

    /// <summary>Gets what the handlers of this tracker share.</summary>
    internal RequestSettings RequestSettings { get; }

    internal ResponseTracker Responses { get; }

    /// <summary>Tracks a stream. Disposing the returned stream disposes the body, unless
    /// <see cref="TrackedResponse.LeaveOpen"/> is set. With draining on, the body may be disposed later.</summary>
    /// <param name="body">The body to read.</param>
    /// <param name="context">The context of the request.</param>
    /// <param name="tracking">The live handle.</param>
    /// <param name="response">The known facts about the response; null if none.</param>
    /// <returns>The stream to read in place of the body.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="body"/> or <paramref name="context"/> is
    /// null.</exception>
    /// <exception cref="ArgumentException"><paramref name="body"/> cannot be read: it is disposed, or
    /// write-only.</exception>
    public Stream Track(Stream body, UsageContext context, out UsageTracking tracking, TrackedResponse? response = null)
    {
        ArgumentNullException.ThrowIfNull(body);
        ArgumentNullException.ThrowIfNull(context);
        if (!body.CanRead)
        {
            throw new ArgumentException("The stream cannot be read.", nameof(body));
        }

        return Responses.Track(body, context, response, out tracking);
    }

    /// <summary>Tracks a pipe. Completing the returned reader completes the body, unless
    /// <see cref="TrackedResponse.LeaveOpen"/> is set. With draining on, the body may be completed later.</summary>
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
        return Responses.Track(body, context, response, mayDrain: true, out tracking);
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

    /// <summary>Reads a body that nobody else reads, for example a stored one, and delivers its record. A broken body
    /// is an outcome, not an exception. Completes the pipe, unless <see cref="TrackedResponse.LeaveOpen"/> is
    /// set.</summary>
    /// <param name="body">The body to read.</param>
    /// <param name="context">The context of the request.</param>
    /// <param name="response">The known facts about the response; null if none.</param>
    /// <param name="cancellationToken">Stops reading, also if draining is on. The record then covers what was read, and
    /// the method still waits for its delivery.</param>
    /// <returns>The record, once it was delivered, queued or stored, or its delivery failed.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="body"/> or <paramref name="context"/> is
    /// null.</exception>
    /// <exception cref="OperationCanceledException">The read was canceled; the record was still delivered.</exception>
    public async Task<UsageRecord> ReadAsync(
        PipeReader body, UsageContext context, TrackedResponse? response = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(body);
        ArgumentNullException.ThrowIfNull(context);
        PipeReader reader = Responses.Track(body, context, response, mayDrain: false, out UsageTracking tracking);
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

    /// <summary>Waits until the records of all ended responses are delivered or have failed, also those in a queue or
    /// an outbox. Ignores open responses.</summary>
    /// <param name="cancellationToken">Cancels the wait, not the delivery.</param>
    /// <exception cref="OperationCanceledException">The token was canceled.</exception>
    public Task FlushAsync(CancellationToken cancellationToken = default) =>
        BodySettings.Records.WhenDelivered().WaitAsync(cancellationToken);

    /// <summary>Loads the tokenizers, so that the first estimate does not wait. They take about 60 MB and a
    /// second.</summary>
    /// <param name="cancellationToken">Cancels the wait, not the loading.</param>
    /// <exception cref="OperationCanceledException">The token was canceled.</exception>
    /// <exception cref="TimeoutException">No thread was free: earlier calls hang, or the tracker was
    /// stopped.</exception>
    public Task WarmUpAsync(CancellationToken cancellationToken = default) =>
        _worker.RunAsync(WarmUp, cancellationToken);

    /// <summary>Returns the state of each sink, for a health check, in the order in which the sinks were
    /// added.</summary>
    public IReadOnlyList<SinkStatus> GetSinkStatus() => [.. _delivery.Queues.Select(static queue => queue.GetStatus())];

    /// <summary>Records a request that got no response, as <see cref="StreamOutcome.NoResponse"/>. Call it once for
    /// each request.</summary>
    /// <remarks>The status is 499 and Canceled if the caller canceled, 504 for a timeout (also of
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
        return Responses.RecordNoResponse(context, new SentRequest(context.RequestBody.Length), exception, requestWasSent);
    }

    /// <summary>Stops the tracker. Waits up to <see cref="StreamUsageOptions.ShutdownGracePeriod"/> for open responses,
    /// and records the rest as <see cref="StreamOutcome.Interrupted"/>. Then delivers, up to
    /// <see cref="BackgroundDeliveryOptions.ShutdownTimeout"/>, or <see cref="StreamUsageOptions.SinkTimeout"/> without
    /// a queue.</summary>
    /// <remarks>Remaining records stay in the outbox. Without one, they are logged and passed to
    /// <see cref="StreamUsageOptions.OnDeliveryFailed"/>. Responses can still be tracked afterwards; their records are
    /// delivered without the outbox.</remarks>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None).ConfigureAwait(false);
        _journal?.Dispose();
        if (BodySettings.Records.Outbox is { } outbox)
        {
            await outbox.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Stops the tracker like <see cref="DisposeAsync"/>, and blocks until it is stopped.</summary>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    /// <summary>Stops the tracker. Calls at the same time share one stop. A canceled token ends the wait for
    /// responses, and limits the delivery to 5 seconds.</summary>
    internal async Task StopAsync(CancellationToken cancellationToken)
    {
        _drainer?.Dispose();
        await _shutdown.StopAsync(cancellationToken).ConfigureAwait(false);
        _gauges.Dispose();
    }

    /// <summary>Returns the expected cost of a request, for budgets. Exceptions of the estimator or the pricing are not
    /// thrown.</summary>
    /// <remarks>Both run on the caller's thread, without <see cref="StreamUsageOptions.EstimationTimeout"/>.</remarks>
    /// <param name="context">The request body, and the provider, format and model if known.</param>
    /// <returns>The estimated input and, if priced, its cost and the cost with the longest output.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="context"/> is null.</exception>
    public UsageQuote Quote(UsageContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return RequestQuote.Of(context, RecordSettings, Time.GetUtcNow());
    }

    private void WarmUp()
    {
        if (RecordSettings.Estimator is ModelTokenEstimator)
        {
            Tokenizers.Load();
        }
        else
        {
            RecordSettings.Estimator.CountTokens(null, "warm");
        }
    }
}
