using System.Collections.Concurrent;
using StreamUsage.Delivery;
using StreamUsage.Delivery.Outbox;
using StreamUsage.Diagnostics;
using StreamUsage.Recording.Building;
using StreamUsage.Recording.Journal;
using StreamUsage.Recording.Stored;

namespace StreamUsage.Recording;

/// <summary>Processes the starts and ends of responses off the readers' threads. It calls the sinks with a start. For
/// an end, it builds the record, delivers it, completes the handle and reports, in this order.</summary>
/// <remarks>Waking a thread costs a reader some 20 µs, twice the rest of an end (docs/internals/delivery.md). So ends
/// wait for a timer that ticks while responses are open, unless somebody awaits the record.</remarks>
internal sealed class RecordDispatcher : IThreadPoolWorkItem
{
    private const int MaxIdleTicks = 100;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);

    private readonly RecordBuilder _builder;
    private readonly RecordDelivery _delivery;
    private readonly UsageReporter _reporter;
    private readonly StoredAnswers _answers;
    private readonly OpenBodies _open = new();
    private readonly PendingRecords _pending = new();
    private readonly ConcurrentQueue<TrackedBody> _inbox = new();
    private readonly Timer _timer;
    private int _isDraining, _isTicking, _idleTicks;

    public RecordDispatcher(RecordBuilder builder, RecordDelivery delivery, UsageReporter reporter, StoredAnswers answers)
    {
        (_builder, _delivery, _reporter, _answers) = (builder, delivery, reporter, answers);
        using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
        {
            _timer = new Timer(static dispatcher => ((RecordDispatcher)dispatcher!).OnTick(), this, Timeout.Infinite, Timeout.Infinite);
        }
    }

    public OpenBodies Open => _open;

    /// <summary>Gets the delivery from the outbox; null without one.</summary>
    public OutboxDelivery? Outbox { get; private set; }

    /// <summary>Stores records in an outbox before they are delivered, and open responses while they are
    /// read.</summary>
    /// <returns>The journal of open responses, which the caller disposes.</returns>
    public OpenJournal StartOutbox(IRecordOutbox outbox, TimeProvider time)
    {
        Outbox = new OutboxDelivery(outbox, _delivery, CompleteOrphanAsync);
        Outbox.Start();
        return new OpenJournal(_open, outbox, time);
    }

    public void Begin(TrackedBody body)
    {
        bool hasStart = TakesStart(body) || body.NeedsModel;
        body.IsStartPending = hasStart; // Before a shutdown can end the body.
        _open.Add(body);
        _reporter.Opened();
        if (hasStart)
        {
            _inbox.Enqueue(body);
        }

        StartTicking();
    }

    /// <summary>Adds a response that has ended.</summary>
    /// <param name="body">The response.</param>
    /// <param name="isAwaited">Whether somebody awaits its record.</param>
    public void Complete(TrackedBody body, bool isAwaited)
    {
        TagCaller(body);
        body.Pending = _pending.Add();
        _inbox.Enqueue(body);
        _open.Remove(body); // After it became pending: a shutdown waits for open, then for pending ones.
        _reporter.Closed();
        if (isAwaited)
        {
            Hurry();
        }
        else
        {
            StartTicking();
        }
    }

    /// <summary>Processes all starts and ends without waiting for the timer.</summary>
    public void Hurry()
    {
        if (!_inbox.IsEmpty)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>Returns a task that completes when the records of all ended responses were delivered or have
    /// failed.</summary>
    public Task WhenDelivered()
    {
        Hurry();
        return Outbox is null ? _pending.WhenEnded() : WhenSettledAsync(Outbox.Outbox);
    }

    /// <summary>Returns a task that completes when every sink call for the responses that have ended by now has
    /// returned.</summary>
    public Task WhenHandedOver()
    {
        Hurry();
        return Outbox is null ? _pending.WhenEnded() : Task.WhenAll(_pending.WhenEnded(), Outbox.WhenEnded());
    }

    private async Task WhenSettledAsync(IRecordOutbox outbox)
    {
        await _pending.WhenEnded().ConfigureAwait(false);
        await outbox.WhenSettledAsync().ConfigureAwait(false);
    }

    void IThreadPoolWorkItem.Execute() => Drain();

    private void StartTicking()
    {
        if (Volatile.Read(ref _isTicking) == 0 && Interlocked.Exchange(ref _isTicking, 1) == 0)
        {
            _timer.Change(Tick, Tick);
        }
    }

    private void OnTick()
    {
        _idleTicks = !_inbox.IsEmpty || !_open.IsEmpty ? 0 : _idleTicks + 1;
        Drain();
        if (_idleTicks < MaxIdleTicks)
        {
            return;
        }

        _idleTicks = 0;
        _timer.Change(Timeout.Infinite, Timeout.Infinite);
        Volatile.Write(ref _isTicking, 0);
        Interlocked.MemoryBarrier();
        if (!_inbox.IsEmpty)
        {
            StartTicking();
        }
    }

    // Whether a response that shows a background answer has a record is known at its end.
    private bool TakesStart(TrackedBody body) => body.StoredAnswerId is null && _delivery.SupportsStarts;

    // One thread at a time, so that records are begun in the order in which their responses ended.
    private void Drain()
    {
        while (!_inbox.IsEmpty && Interlocked.Exchange(ref _isDraining, 1) == 0)
        {
            while (_inbox.TryDequeue(out TrackedBody? body))
            {
                if (body.IsStartPending)
                {
                    UsageStart? start = TakesStart(body) ? _builder.CreateStart(body) : null;
                    _ = body.Context; // Reads the model from the request, off the byte path.
                    body.EndStart();
                    body.Starts = start is null ? null : _delivery.Start(start, body.Trace);
                }
                else
                {
                    _ = RecordAsync(body);
                }
            }

            Volatile.Write(ref _isDraining, 0);
            Interlocked.MemoryBarrier();
        }
    }

    // On the reader's thread, because the caller's activity ends soon after the body. Estimates would take too long.
    private static void TagCaller(TrackedBody body)
    {
        if (body.Caller is not { } caller)
        {
            return;
        }

        try
        {
            body.IsCallerTagged = UsageActivity.TryDescribe(caller, body.ToCall(RecordBuilder.ToTelemetry(body)));
        }
        catch (Exception)
        {
            // A custom parser's state may throw. The response gets a span of its own.
        }
    }

    // Never throws.
    private async Task RecordAsync(TrackedBody body)
    {
        PendingRecords.Group group = body.Pending!;
        if (!await SettleBackgroundAnswerAsync(body).ConfigureAwait(false))
        {
            body.CompleteWithoutRecord();
            group.RemoveOne();
            return;
        }

        UsageRecord record;
        IReadOnlyList<Exception> estimateFaults = [];
        Exception? recordFault = null;
        try
        {
            (record, estimateFaults) = await _builder.BuildAsync(body).ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            record = RecordBuilder.Minimal(body, fault);
            recordFault = fault;
        }

        var pending = new PendingResponse(body, record, _reporter, group)
        {
            Activity = UsageActivity.Start(body.IsCallerTagged ? body.Trace : UsageActivity.WriteSpan(body.ToCall(record), body.Trace)),
            EstimateFaults = estimateFaults,
            RecordFault = recordFault,
        };
        DeliveryResult? result;
        try
        {
            result = await StoreAsync(record, body).ConfigureAwait(false)
                ? DeliveryResult.Stored
                : await _delivery.DeliverAsync(record, pending, body.Starts).ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            result = DeliveryResult.Failed;
            pending.RecordFault ??= fault;
        }

        if (result is { } known)
        {
            pending.Report(known);
        }

        pending.EndReport();
    }

    // Returns false for a response that shows a background answer which another one bills. Runs before the record is
    // built, in the order in which responses ended: an answer is remembered before a later response can show its end.
    private async ValueTask<bool> SettleBackgroundAnswerAsync(TrackedBody body)
    {
        if (body.StoredAnswerId is not null)
        {
            if (await _answers.TryClaimAsync(body).ConfigureAwait(false) is not { } origin)
            {
                return false;
            }

            body.AttributeTo(origin);
        }
        else if (body.Verdict.Outcome == StreamOutcome.Pending)
        {
            await _answers.RememberAsync(body.Events.State.ResponseId, body.Context).ConfigureAwait(false);
        }

        return true;
    }

    private async Task<bool> StoreAsync(UsageRecord record, TrackedBody body)
    {
        if (Outbox is null)
        {
            return false;
        }

        if (body.Starts is { } starts)
        {
            await Task.WhenAll(starts).WaitAsync(_delivery.StartTimeout, body.Settings.Time)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return await Outbox.Outbox.StoreAsync(record).ConfigureAwait(false);
    }

    // Never throws.
    private async Task<UsageRecord> CompleteOrphanAsync(UsageRecord record)
    {
        (record, IReadOnlyList<Exception> faults) = await _builder.PriceOrphanAsync(record).ConfigureAwait(false);
        try
        {
            _reporter.Recorded(new GenAICall(record), new RecordNotes { UnknownUsageFields = [], EstimateFaults = faults });
        }
        catch (Exception)
        {
            // A listener's fault must not cost a record.
        }

        return record;
    }
}
