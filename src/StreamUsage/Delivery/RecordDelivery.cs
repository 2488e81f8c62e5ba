using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using StreamUsage.Diagnostics;
using StreamUsage.PassThrough;

namespace StreamUsage.Delivery;

/// <summary>
/// Hands records to the sink, off the byte path: each call of the sink, the logger and the meter runs on the thread pool within a time limit, so that one that throws or hangs
/// costs its own part and nothing else.
/// </summary>
internal sealed class RecordDelivery(IUsageSink sink, UsageTracker.TrackerSettings settings, TimeSpan timeout, TimeProvider time, ILogger? logger, IMeterFactory? meterFactory) : IAsyncDisposable
{
    private readonly UsageMeter _meter = new(meterFactory);
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _underWay = 1;
    private int _isDisposed;

    /// <summary>A response has begun: tells the meter and the sink.</summary>
    public void Begin(TrackedBody body)
    {
        // What the caller's context carries (its activity, its principal) is not the sink's.
        if (ExecutionContext.IsFlowSuppressed())
        {
            body.Started = Task.Run(() => BeginAsync(body));
        }
        else
        {
            using (ExecutionContext.SuppressFlow())
            {
                body.Started = Task.Run(() => BeginAsync(body));
            }
        }
    }

    /// <summary>A response has ended: makes its record and hands it over.</summary>
    public void Complete(TrackedBody body)
    {
        Interlocked.Increment(ref _underWay);
        ThreadPool.UnsafeQueueUserWorkItem(static state => _ = state.Delivery.CompleteAsync(state.Body), (Delivery: this, Body: body), preferLocal: false);
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        EndOne();
        try
        {
            await _drained.Task.WaitAsync(timeout, time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Whatever is still under way ends by its own time limit.
        }

        _meter.Dispose();
    }

    private async Task BeginAsync(TrackedBody body)
    {
        try
        {
            Try(() => _meter.Opened());
            var start = new UsageStart { Id = body.Id, Context = settings.Redaction.Redact(body.Context), StartedAt = body.StartedAt };
            await CallAsync(token => sink.StartedAsync(start, token)).ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            _meter.Fault("sink");
            if (logger is not null)
            {
                Log.SinkStartFailed(logger, body.Id, fault.GetType().Name);
            }
        }
    }

    private async Task CompleteAsync(TrackedBody body)
    {
        var faults = new List<Exception>();
        UsageRecord record = RecordBuilder.Build(body, settings, faults);
        await body.Started.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        Exception? sinkFault = null;
        try
        {
            await CallAsync(token => sink.RecordAsync(record, token)).ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            sinkFault = fault;
        }

        await ReportAsync(body, record, faults, sinkFault).ConfigureAwait(false);
        body.Complete(record, sinkFault is null ? DeliveryResult.Delivered : DeliveryResult.Failed);
        EndOne();
    }

    // A call that has not ended by its time limit is left alone: it may still end, and nobody waits for it.
    private async Task CallAsync(Func<CancellationToken, ValueTask> call)
    {
        using var limit = new CancellationTokenSource(timeout, time);
        CancellationToken token = limit.Token;
        await Task.Run(() => call(token).AsTask(), CancellationToken.None).WaitAsync(timeout, time, CancellationToken.None).ConfigureAwait(false);
    }

    private async Task ReportAsync(TrackedBody body, UsageRecord record, List<Exception> faults, Exception? sinkFault)
    {
        try
        {
            await Task.Run(() => Report(body.Reader, record, faults, sinkFault)).WaitAsync(timeout, time).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // There is nowhere left to say it.
        }
    }

    private void Report(BodyReader reader, UsageRecord record, List<Exception> faults, Exception? sinkFault)
    {
        Try(() => _meter.Recorded(record.Outcome));
        if (sinkFault is not null)
        {
            Try(() => _meter.Fault("sink"));
        }

        if (reader.ParserFault is not null)
        {
            Try(() => _meter.Fault("parser"));
        }

        foreach (Exception _ in faults)
        {
            Try(() => _meter.Fault("estimate"));
        }

        if (logger is null)
        {
            return;
        }

        Try(() => Log.ResponseRecorded(logger, record));
        if (sinkFault is not null)
        {
            Try(() => Log.SinkFailed(logger, record.Id, record.Context.RequestId, sinkFault.GetType().Name));
        }

        if (record.SkippedEvents != 0)
        {
            Try(() => Log.EventsSkipped(logger, record.SkippedEvents, record.Id, record.Wire, reader.ParserFault?.GetType().Name));
        }

        if (reader.IgnoredCounts != 0)
        {
            Try(() => Log.CountsIgnored(logger, reader.IgnoredCounts, record.Id));
        }

        if (record.Context.ApiFormat != ApiFormat.Auto && record.ApiFormat != record.Context.ApiFormat)
        {
            Try(() => Log.FormatCorrected(logger, record.Id, record.Context.ApiFormat, record.ApiFormat));
        }

        foreach (Exception fault in faults)
        {
            Try(() => Log.EstimateFailed(logger, record.Id, fault.GetType().Name));
        }
    }

    private static void Try(Action action)
    {
        try
        {
            action();
        }
        catch (Exception)
        {
            // A listener or a logger that throws is not ours to mend, and must not cost the rest of the report.
        }
    }

    private void EndOne()
    {
        if (Interlocked.Decrement(ref _underWay) == 0)
        {
            _drained.TrySetResult();
        }
    }
}
