using StreamUsage.Delivery;
using StreamUsage.Diagnostics;

namespace StreamUsage.PassThrough;

/// <summary>What happens beside the byte path: the sink is told of a start, and at the end the record is made, handed over and reported, in this order.</summary>
internal sealed class RecordHandover(UsageTracker.TrackerSettings settings, RecordDelivery delivery, UsageReporter reporter, TimeLimit limit)
{
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _underWay = 1;
    private int _isDisposed;

    /// <summary>A response has begun. The returned task ends when the sink knows of it, or has failed to.</summary>
    public Task Begin(TrackedBody body)
    {
        // What the caller's context carries (its activity, its principal) is not the sink's.
        if (ExecutionContext.IsFlowSuppressed())
        {
            return Task.Run(() => BeginAsync(body));
        }

        using (ExecutionContext.SuppressFlow())
        {
            return Task.Run(() => BeginAsync(body));
        }
    }

    /// <summary>A response has ended.</summary>
    public void Complete(TrackedBody body)
    {
        Interlocked.Increment(ref _underWay);
        ThreadPool.UnsafeQueueUserWorkItem(static state => _ = state.Handover.CompleteAsync(state.Body), (Handover: this, Body: body), preferLocal: false);
    }

    /// <summary>Waits, within the time limit, for records that are on their way.</summary>
    public async ValueTask DrainAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            EndOne();
        }

        try
        {
            await limit.WaitAsync(_drained.Task).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Whatever is still under way ends by its own time limit.
        }
    }

    private async Task BeginAsync(TrackedBody body)
    {
        await reporter.OpenedAsync().ConfigureAwait(false);
        var start = new UsageStart { Id = body.Id, Context = body.Context, StartedAt = body.StartedAt };
        if (await delivery.StartAsync(start).ConfigureAwait(false) is { } fault)
        {
            await reporter.StartFailedAsync(body.Id, fault).ConfigureAwait(false);
        }
    }

    private async Task CompleteAsync(TrackedBody body)
    {
        (UsageRecord record, List<Exception> estimateFaults) = await RecordBuilder.BuildAsync(body, settings, limit).ConfigureAwait(false);
        await body.Started.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Exception? sinkFault = await delivery.DeliverAsync(record).ConfigureAwait(false);
        var notes = new RecordNotes
        {
            SinkFault = sinkFault,
            ParserFault = body.Reader.ParserFault,
            ContentFault = body.ContentFault,
            IgnoredCounts = body.Reader.IgnoredCounts,
            EstimateFaults = estimateFaults,
        };
        await reporter.RecordedAsync(record, notes).ConfigureAwait(false);
        body.Complete(record, sinkFault is null ? DeliveryResult.Delivered : DeliveryResult.Failed);
        EndOne();
    }

    private void EndOne()
    {
        if (Interlocked.Decrement(ref _underWay) == 0)
        {
            _drained.TrySetResult();
        }
    }
}
