using System.Collections.Concurrent;
using StreamUsage.Delivery;
using StreamUsage.Delivery.Outbox;
using StreamUsage.Diagnostics;
using StreamUsage.Recording.Building;
using StreamUsage.Recording.Journal;
using StreamUsage.Recording.Stored;

namespace StreamUsage.Recording;

/// <summary>Processes the starts and ends of responses off the readers' threads. It calls the sinks with a start. For
/// an end, it builds the record, and stores it in the outbox or gives it to the sinks' queues. Then it completes the
/// handle and reports. Without background delivery, the handle first waits for the sinks.</summary>
/// <remarks>Waking a thread costs a reader some 20 µs, twice as much as the rest of an end
/// (docs/internals/delivery.md). So ends wait for a timer that ticks while responses are open, unless somebody awaits
/// the record.</remarks>
internal sealed class RecordDispatcher : IThreadPoolWorkItem
{
    private const int MaxIdleTicks = 100; // The timer stops after a second without open responses.

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);

    private readonly RecordBuilder _builder;
    private readonly RecordDelivery _delivery;
    private readonly UsageReporter _reporter;
    private readonly StoredAnswers _answers;
    private readonly OpenBodies _open = new();
    private readonly PendingRecords _pending = new();
    private readonly ConcurrentQueue<TrackedBody> _inbox = new();
    private readonly Timer _timer;
    private int _isProcessing, _isTicking, _idleTicks;

    public RecordDispatcher(RecordBuilder builder, RecordDelivery delivery, UsageReporter reporter, StoredAnswers answers)
    {
        (_builder, _delivery, _reporter, _answers) = (builder, delivery, reporter, answers);
        using (ExecutionContext.SuppressFlow())
        {
            _timer = new Timer(static dispatcher => ((RecordDispatcher)dispatcher!).OnTick(), this, Timeout.Infinite, Timeout.Infinite);
        }
    }

    public OpenBodies Open => _open;

    /// <summary>Gets the delivery from the outbox; null without one.</summary>
    public OutboxDelivery? Outbox { get; private set; }

    /// <summary>From now on, stores records in an outbox before they are delivered, and the state of open responses
    /// while they are read. Call it once, before the first response.</summary>
    /// <returns>The journal of open responses, which the caller disposes.</returns>
    public OpenJournal StartOutbox(IRecordOutbox outbox, TimeProvider time)
    {
        Outbox = new OutboxDelivery(outbox, _delivery, CompleteOrphanAsync);
        Outbox.Start();
        return new OpenJournal(_open, outbox, time);
    }

    public void Begin(TrackedBody body)
    {
        bool isQueued = TakesStart(body) || body.NeedsModel;
        body.IsBeginQueued = isQueued; // Before a shutdown can end the body.
        _open.Add(body);
        _reporter.Opened();
        if (isQueued)
        {
            _inbox.Enqueue(body);
        }

        StartTicking();
    }

    /// <summary>Adds the record of a response that is ending to the pending ones. A shutdown or a flush waits for
    /// it.</summary>
    public PendingRecords.Group AddPending() => _pending.Add();

    /// <summary>Adds a response that has ended and whose record is pending.</summary>
    /// <param name="body">The response.</param>
    /// <param name="isAwaited">Whether somebody awaits its record.</param>
    public void Complete(TrackedBody body, bool isAwaited)
    {
        TagCaller(body);
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

    /// <summary>Returns a task that completes when the sinks have the records of all ended responses, including those
    /// on disk, or never get them.</summary>
    public Task WhenDelivered()
    {
        Hurry();
        return Outbox is null or { IsStopped: true } ? WhenHandedOver() : WhenSettledAsync(Outbox);
    }

    /// <summary>Returns a task that completes when no record is with a sink or on its way to one. It does not wait for
    /// records that are only on disk.</summary>
    public Task WhenHandedOver()
    {
        Hurry();
        return Outbox is null ? _pending.WhenEnded() : Task.WhenAll(_pending.WhenEnded(), Outbox.WhenEnded());
    }

    private async Task WhenSettledAsync(OutboxDelivery outbox)
    {
        await _pending.WhenEnded().ConfigureAwait(false);
        await outbox.Outbox.WhenSettledAsync().ConfigureAwait(false);
        await outbox.WhenEnded().ConfigureAwait(false); // The outbox does not know, if its file cannot be used.
    }

    void IThreadPoolWorkItem.Execute() => ProcessInbox();

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
        ProcessInbox();
        if (_idleTicks < MaxIdleTicks)
        {
            return;
        }

        _idleTicks = 0;
        _timer.Change(Timeout.Infinite, Timeout.Infinite);
        Volatile.Write(ref _isTicking, 0);
        Interlocked.MemoryBarrier();
        if (!_inbox.IsEmpty) // An open response needs no tick: its end starts the timer.
        {
            StartTicking();
        }
    }

    // A fetch of a stored answer has no start: only its end tells whether it has a record.
    private bool TakesStart(TrackedBody body) => body.StoredAnswerId is null && _delivery.SupportsStarts;

    // One thread at a time, so that records are begun in the order in which their responses ended.
    private void ProcessInbox()
    {
        while (!_inbox.IsEmpty && Interlocked.Exchange(ref _isProcessing, 1) == 0)
        {
            while (_inbox.TryDequeue(out TrackedBody? body))
            {
                if (body.IsBeginQueued)
                {
                    UsageStart? start = TakesStart(body) ? _builder.CreateStart(body) : null;
                    _ = body.Context; // Reads the model from the request, off the byte path.
                    body.EndBegin();
                    body.Starts = start is null ? null : _delivery.Start(start, body.Trace);
                }
                else
                {
                    _ = RecordAsync(body);
                }
            }

            Volatile.Write(ref _isProcessing, 0);
            Interlocked.MemoryBarrier();
        }
    }

    // On the reader's thread, because the caller's activity ends soon after the body. Estimates would take too long.
    private static void TagCaller(TrackedBody body)
    {
        if (body.CallerActivity is not { } caller)
        {
            return;
        }

        try
        {
            body.IsCallerActivityTagged = UsageActivity.TryDescribe(caller, body.ToCall(RecordBuilder.CreateUnpriced(body)));
        }
        catch (Exception)
        {
            // A custom parser's state may throw. The response gets a span of its own.
        }
    }

    // Never throws.
    private async Task RecordAsync(TrackedBody body)
    {
        PendingRecords.Group group = body.PendingGroup!;
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
            record = RecordBuilder.CreateMinimal(body, fault);
            recordFault = fault;
        }

        var pending = new PendingResponse(body, record, _reporter, group)
        {
            Activity = UsageActivity.Start(
                body.IsCallerActivityTagged ? body.Trace : UsageActivity.WriteSpan(body.ToCall(record), body.Trace)),
            EstimateFaults = estimateFaults,
            RecordFault = recordFault,
        };
        DeliveryResult? result;
        try
        {
            if (await StoreAsync(record, body).ConfigureAwait(false))
            {
                result = DeliveryResult.Stored;
            }
            else
            {
                pending.RefusedBy = Outbox;
                result = await _delivery.DeliverAsync(record, pending, body.Starts).ConfigureAwait(false);
            }
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

    // Returns false for a fetch that bills nothing: the answer has not ended, or another response bills it. Runs before
    // the record is built, in the order in which responses ended. So an answer is remembered before a fetch can show
    // its end.
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

        // A stored record may reach its sink at once, and must not overtake its start.
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
