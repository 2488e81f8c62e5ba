using System.Diagnostics;
using StreamUsage.Capture;
using StreamUsage.Estimation;
using StreamUsage.Framing;
using StreamUsage.Framing.Encodings;
using StreamUsage.Recording;

namespace StreamUsage.PassThrough;

/// <summary>
/// One tracked response: what has come in so far, and the one decision how it ended. Knows nothing of the content, stream or pipe that wraps it, so that those can be collected
/// when they are abandoned. The lock is held while a piece is read, some tens of nanoseconds an event; nothing of a user's but a parser runs under it.
/// </summary>
internal sealed class TrackedBody
{
    private BodyGate _gate;
    private readonly BodyReader _reader;
    private readonly DecodedBody? _decoded;
    private StreamTimes _times;
    private readonly long _contentLength; // Negative where it is not known.
    private long _bytesReceived;
    private bool _isEnded, _isCatchingUp, _isUnread, _isDraining, _hasDrained, _wasComplete;
    private CallerFailure? _failure;
    private TaskCompletionSource<UsageRecord>? _completion;
    private TaskCompletionSource<DeliveryResult>? _deliveryResult;
    private UsageRecord? _record;
    private DeliveryResult _result;

    public TrackedBody(UsageTracker tracker, UsageContext context, int? httpStatusCode, long? contentLength, string? contentEncoding, IReadOnlyDictionary<string, string>? headers)
    {
        Tracker = tracker;
        Context = tracker.Settings.Redaction.Redact(context);
        RequestBody = context.RequestBody;
        RequestBodyLength = context.RequestBody.Length;
        HttpStatusCode = httpStatusCode;
        ResponseHeaders = headers;
        _contentLength = contentLength ?? -1;
        _times = new StreamTimes(new StreamClock(tracker.Time, context.RequestStartedAt));
        ResponseCapture? capture = ResponseCapture.Create(tracker.Settings.Capture, tracker.Settings.MaxCapturedBytes, tracker.Budget);
        _reader = new BodyReader(tracker.Reading, context.ApiFormat, capture);
        _decoded = tracker.Decoders.Find(contentEncoding) is { } decoders ? new DecodedBody(decoders, tracker.Budget) : null;
        Id = RecordId.Create(_times.StartedAt);
        Trace = Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity ? activity.Context : default;
    }

    public UsageTracker Tracker { get; }

    public Guid Id { get; }

    /// <summary>What the caller said, as it may be kept: taken at the start, because the caller's headers may change.</summary>
    public UsageContext Context { get; }

    public ReadOnlyMemory<byte> RequestBody { get; }

    /// <summary>Bytes of the request's body, which may be known where the body itself was too large to be kept.</summary>
    public long RequestBodyLength { get; init; }

    public int? HttpStatusCode { get; }

    public IReadOnlyDictionary<string, string>? ResponseHeaders { get; }

    /// <summary>The activity that was current when tracking began.</summary>
    public ActivityContext Trace { get; }

    public string? TraceId => Trace == default ? null : Trace.TraceId.ToHexString();

    public string? SpanId => Trace == default ? null : Trace.SpanId.ToHexString();

    public DateTimeOffset StartedAt => _times.StartedAt;

    /// <summary>The calls that tell each sink of the start; null where no sink wants to know. The record waits for them.</summary>
    public Task[]? Starts { get; set; }

    /// <summary>Whether the sinks are still to be told of the start.</summary>
    public bool IsStartPending { get; set; }

    /// <summary>The group of pending records that this response's record belongs to; null until it has ended.</summary>
    public PendingRecords.Group? Pending { get; set; }

    /// <summary>Its neighbours among the bodies that are open: the registry's.</summary>
    public TrackedBody? PreviousOpen { get; set; }

    public TrackedBody? NextOpen { get; set; }

    // From here on: settled when the body has ended.
    public EventReader Events => _reader.Events;

    /// <summary>Why a body under a Content-Encoding was not read to its end; null where it was, and where there is none.</summary>
    public ContentFault? ContentFault => _decoded?.Fault;

    public StreamEnd End { get; private set; }

    public Exception? Fault { get; private set; }

    public OutcomeRules.Verdict Verdict { get; private set; }

    /// <summary>Whether the answer was read to its end after the reader had left.</summary>
    public bool IsDrained { get; private set; }

    public CallerFailure? Failure => _failure;

    public long BytesReceived => _bytesReceived;

    public ref readonly StreamTimes Times => ref _times;

    public Task<UsageRecord> Completion
    {
        get
        {
            Task<UsageRecord> completion;
            using (_gate.Enter())
            {
                _completion ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
                if (_record is not null)
                {
                    _completion.TrySetResult(_record);
                }

                completion = _completion.Task;
            }

            HurryFor(completion);
            return completion;
        }
    }

    public Task<DeliveryResult> DeliveryResult
    {
        get
        {
            Task<DeliveryResult> delivery;
            using (_gate.Enter())
            {
                _deliveryResult ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
                if (_record is not null)
                {
                    _deliveryResult.TrySetResult(_result);
                }

                delivery = _deliveryResult.Task;
            }

            HurryFor(delivery);
            return delivery;
        }
    }

    private bool IsAwaited => _completion is not null || _deliveryResult is not null;

    /// <summary>The body is in its reader's hands: tells the sinks.</summary>
    public void Begin() => Tracker.Handover.Begin(this);

    /// <summary>Takes in bytes that the caller is about to be given. Bytes seen before (a body that is read again) pass by. Never throws.</summary>
    /// <param name="offset">Where in the body they lie.</param>
    /// <param name="bytes">The bytes, where they lie.</param>
    /// <param name="isNewRead">Whether they begin a read; else they are a further piece of the same.</param>
    /// <returns>Whether there was something new in them.</returns>
    public bool Receive(long offset, ReadOnlySpan<byte> bytes, bool isNewRead = true)
    {
        if (bytes.IsEmpty)
        {
            return false;
        }

        using (_gate.Enter())
        {
            // Of a reader that has jumped ahead nothing is read until it comes back: what follows makes no sense without what was left out.
            if (_isEnded || _isCatchingUp || _isUnread || offset + bytes.Length <= _bytesReceived || offset > _bytesReceived)
            {
                return false;
            }

            bytes = bytes[(int)(_bytesReceived - offset)..];
            _bytesReceived += bytes.Length;
            if (_isDraining)
            {
                _hasDrained = true;
            }
            else
            {
                _times.Received(isNewRead);
            }

            try
            {
                if (_decoded is null)
                {
                    _reader.Read(bytes);
                }
                else
                {
                    _decoded.Read(bytes, _reader);
                }
            }
            catch (Exception fault)
            {
                // Ours to mend, never the caller's to feel: what was read so far stands.
                _isUnread = true;
                Events.Fail(fault);
            }

            if (!_times.HasFirstToken && Events.HasOutput && !_isDraining)
            {
                _times.FirstToken();
            }

            return true;
        }
    }

    /// <summary>
    /// The reading has ended, whichever way. The first call decides; the record follows off this thread, and so does what a body under a Content-Encoding has left to be decoded. Never throws.
    /// </summary>
    /// <returns>How the response ended; Interrupted where that is not known yet.</returns>
    public StreamOutcome Finish(StreamEnd end, Exception? fault = null)
    {
        using (_gate.Enter())
        {
            if (_isEnded || _isDraining || (_isCatchingUp && end != StreamEnd.ShutDown))
            {
                return Verdict.Outcome;
            }

            if (!_isCatchingUp)
            {
                _times.Ended();
                if (_decoded is { IsBehind: true } && end != StreamEnd.ShutDown && (Events.Protocol is not null || !Tracker.Settings.ThrowOnUnreadableStream))
                {
                    _isCatchingUp = true;
                    ThreadPool.UnsafeQueueUserWorkItem(static ended => ended.Body.CatchUp(ended.End, ended.Fault), (Body: this, End: end, Fault: fault), preferLocal: false);
                    return StreamOutcome.Interrupted;
                }
            }

            Settle(end, fault);
        }

        Tracker.Handover.Complete(this, IsAwaited);
        return Verdict.Outcome;
    }

    /// <summary>Whether nothing that matters can follow any more.</summary>
    public bool IsTerminal
    {
        get
        {
            using (_gate.Enter())
            {
                return Events.State.IsTerminal || Events.State.Error is not null;
            }
        }
    }

    /// <summary>The reader has left, and the rest is read on from here; false where that would bring nothing.</summary>
    public bool TryBeginDrain()
    {
        using (_gate.Enter())
        {
            bool bringsMore = !_isEnded && !_isDraining && !_isUnread && !(HttpStatusCode >= 400) && !Events.State.IsTerminal && Events.State.Error is null
                && (_bytesReceived == 0 || _bytesReceived != _contentLength);
            if (!bringsMore)
            {
                return false;
            }

            _isDraining = true;
            _wasComplete = Events.State.IsComplete;
            _times.Ended();
            return true;
        }
    }

    /// <summary>The rest was read on as far as it was. The outcome is that of the moment when the reader left.</summary>
    /// <param name="end">Where the body ended; null where it was not read so far.</param>
    public void EndDrain(long? end)
    {
        using (_gate.Enter())
        {
            while (_decoded is { IsBehind: true })
            {
                ReadWaiting();
            }

            FinishReading();
            End = StreamEnd.ReaderLeft;
            IsDrained = end == _bytesReceived; // Not where a reader of a pipe, or one that has jumped, left out a piece.
            bool isComplete = _hasDrained ? _wasComplete : Events.State.IsComplete; // An unfinished last event counts here too.
            Verdict = OutcomeRules.Decide(HttpStatusCode, Events.State, isComplete, Events.Protocol is not null, StreamEnd.ReaderLeft, _bytesReceived);
        }

        Tracker.Handover.Complete(this, IsAwaited);
    }

    public bool Fail(int statusCode, string message)
    {
        using (_gate.Enter())
        {
            if (_isEnded)
            {
                return false;
            }

            _failure = new CallerFailure(statusCode, message);
            return true;
        }
    }

    public UsageSnapshot Snapshot()
    {
        using (_gate.Enter())
        {
            if (_record is { } record)
            {
                return new UsageSnapshot
                {
                    Usage = record.Usage,
                    InputSource = record.InputSource,
                    OutputSource = record.OutputSource,
                    BytesReceived = record.BytesReceived,
                    EventCount = record.EventCount,
                    StopReason = record.StopReason,
                };
            }

            ref readonly var state = ref Events.State;
            TokenUsage usage = state.Usage;
            TokenSource outputSource = TokenSource.Reported;
            if (!state.IsOutputReported)
            {
                usage = usage with { OutputTokens = Math.Max(usage.OutputTokens, ModelTokenEstimator.EstimateRunning(Events.Format, state.Model ?? Context.Model, Events.Protocol, Events.OutputCharacters)) };
                outputSource = usage.OutputTokens == 0 ? TokenSource.None : TokenSource.Estimated;
            }

            return new UsageSnapshot
            {
                Usage = usage,
                InputSource = state.IsInputReported ? TokenSource.Reported : TokenSource.None,
                OutputSource = outputSource,
                BytesReceived = _bytesReceived,
                EventCount = Events.EventCount,
                StopReason = state.StopReason,
            };
        }
    }

    /// <summary>The record was handed over, or could not be.</summary>
    public void Complete(UsageRecord record, DeliveryResult result)
    {
        using (_gate.Enter())
        {
            _record = record;
            _result = result;
        }

        _deliveryResult?.TrySetResult(result);
        _completion?.TrySetResult(record);
    }

    // Decodes on, a slice at a time, so that whoever asks for the state meanwhile does not wait.
    private void CatchUp(StreamEnd end, Exception? fault)
    {
        using (_gate.Enter())
        {
            if (_isEnded)
            {
                return; // By a shutdown.
            }

            ReadWaiting();
            if (_decoded!.IsBehind)
            {
                ThreadPool.UnsafeQueueUserWorkItem(static ended => ended.Body.CatchUp(ended.End, ended.Fault), (Body: this, End: end, Fault: fault), preferLocal: false);
                return;
            }

            Settle(end, fault);
        }

        Tracker.Handover.Complete(this, IsAwaited);
    }

    private void Settle(StreamEnd end, Exception? fault)
    {
        while (end != StreamEnd.ShutDown && _decoded is { IsBehind: true })
        {
            ReadWaiting();
        }

        FinishReading();
        if (end == StreamEnd.ReaderLeft && _bytesReceived != 0 && _bytesReceived == _contentLength)
        {
            end = StreamEnd.EndOfBody; // Who knows the length need not read past it.
        }

        End = end;
        Verdict = OutcomeRules.Decide(HttpStatusCode, Events.State, Events.State.IsComplete, Events.Protocol is not null, end, _bytesReceived);
        if (end == StreamEnd.Broke && Verdict.Status == UsageStatus.Failed)
        {
            Fault = fault is HttpRequestException { InnerException: IOException cause } ? cause : fault; // What HttpContent wraps when it copies.
        }
    }

    private void ReadWaiting()
    {
        try
        {
            _decoded!.ReadOn(_reader);
        }
        catch (Exception fault)
        {
            _isUnread = true;
            _decoded!.Release();
            Events.Fail(fault);
        }
    }

    private void HurryFor(Task waited)
    {
        if (!waited.IsCompleted && _isEnded)
        {
            Tracker.Handover.Hurry();
        }
    }

    private void FinishReading()
    {
        _isEnded = true;
        if (_decoded?.Release() is { } decoderFault)
        {
            Events.Fail(decoderFault);
        }

        try
        {
            if (!_isUnread)
            {
                _reader.Finish();
            }

            _reader.Release();
        }
        catch (Exception fault)
        {
            Events.Fail(fault);
        }
    }
}
