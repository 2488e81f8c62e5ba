using System.Diagnostics;
using StreamUsage.Accounting;
using StreamUsage.Capture;
using StreamUsage.Estimation;
using StreamUsage.Framing;
using StreamUsage.Framing.Encodings;

namespace StreamUsage.Recording;

/// <summary>
/// One tracked response: what has come in so far, and the one decision how it ended. Knows nothing of the content,
/// stream or pipe that wraps it, so that those can be collected when they are abandoned. The lock is held while a piece
/// is read, some tens of nanoseconds an event; nothing of a user's but a parser runs under it.
/// </summary>
internal sealed partial class TrackedBody
{
    private BodyGate _gate;
    private readonly BodyReader _reader;
    private readonly DecodedBody? _decoded;
    private StreamTimes _times;
    private readonly long _contentLength; // Negative where it is not known.
    private long _bytesReceived;
    private bool _isEnded, _isCatchingUp, _isUnread, _isReadCancelled, _isDraining, _hasDrained, _wasComplete;
    private CallerFailure? _failure;
    private TaskCompletionSource<UsageRecord>? _completion;
    private TaskCompletionSource<DeliveryResult>? _deliveryResult;
    private UsageRecord? _record;
    private DeliveryResult _result;

    public TrackedBody(
        BodySettings settings,
        UsageContext context,
        int? httpStatusCode,
        long? contentLength,
        string? contentEncoding,
        IReadOnlyDictionary<string, string>? headers,
        KnownAnswer? known = null)
    {
        Settings = settings;
        _context = settings.Redaction.Redact(context);
        RequestBodyLength = context.RequestBody.Length;
        RequestBody = RequestBodyLength <= settings.MaxRequestBodyBytes || settings.CapturesRequestBody ? context.RequestBody : default;
        _isModelKnown = context.Model is not null || context.RequestBody.IsEmpty;
        HttpStatusCode = httpStatusCode;
        ResponseHeaders = headers;
        _contentLength = contentLength ?? -1;
        _times = new StreamTimes(new StreamClock(settings.Time, context.RequestStartedAt));
        ResponseCapture? capture = ResponseCapture.Create(settings.Capture, settings.MaxCapturedBytes, settings.Budget);
        _reader = new BodyReader(settings.Reading, context.ApiFormat, capture, known);
        _decoded = settings.Decoders.Find(contentEncoding) is { } decoders ? new DecodedBody(decoders, settings.Budget) : null;
        Id = RecordId.Create(_times.StartedAt);
        Trace = Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity ? activity.Context : default;
    }

    public BodySettings Settings { get; }

    public Guid Id { get; }

    /// <summary>Disposed when <see cref="RequestBody"/> is not needed any more; null where its memory is the caller's.</summary>
    public IDisposable? RequestBodyCopy { private get; init; }

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

    /// <summary>
    /// Why a body under a Content-Encoding was not read to its end; null where it was, and where there is none.
    /// </summary>
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
    public void Begin() => Settings.Records.Begin(this);

    /// <summary>
    /// Takes in bytes that the caller is about to be given. Bytes seen before (a body that is read again) pass by.
    /// Never throws.
    /// </summary>
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
            // Of a reader that has jumped ahead nothing is read until it comes back: what follows makes no sense
            // without what was left out.
            if (_isEnded || _isCatchingUp || _isUnread || offset + bytes.Length <= _bytesReceived || offset > _bytesReceived)
            {
                return false;
            }

            bytes = bytes[(int)(_bytesReceived - offset)..];
            _bytesReceived += bytes.Length;
            _isReadCancelled = false;
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

            ReleaseReportedRequest();

            if (!_times.HasFirstToken && Events.HasOutput && !_isDraining)
            {
                _times.FirstToken();
            }

            return true;
        }
    }

    /// <summary>
    /// Ends the reading. The first call decides. The record follows off this thread, and so does the decoding of what a
    /// body under a Content-Encoding has left. Never throws.
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

            if (_isReadCancelled && (end == StreamEnd.ShutDown || fault is ObjectDisposedException))
            {
                end = StreamEnd.ReaderLeft; // An HTTP/1.1 connection does not survive its reader's cancellation: the next read finds it closed.
            }

            if (!_isCatchingUp)
            {
                EndTimes(end);
                if (_decoded is { IsBehind: true } && end != StreamEnd.ShutDown && (Events.Protocol is not null || !Settings.ThrowOnUnreadableStream))
                {
                    _isCatchingUp = true;
                    ThreadPool.UnsafeQueueUserWorkItem(static ended => ended.Body.CatchUp(ended.End, ended.Fault), (Body: this, End: end, Fault: fault), preferLocal: false);
                    return StreamOutcome.Interrupted;
                }
            }

            Settle(end, fault);
        }

        Settings.Records.Complete(this, IsAwaited);
        return Verdict.Outcome;
    }

    /// <summary>
    /// The caller has cancelled a read. Whether it has left is decided by what follows: the next bytes, a dispose, or
    /// the collector.
    /// </summary>
    public void CancelRead()
    {
        using (_gate.Enter())
        {
            if (!_isEnded && !_isDraining)
            {
                _isReadCancelled = true;
                _times.Ended();
            }
        }
    }

    /// <summary>No response came. The first call decides, as for <see cref="Finish"/>.</summary>
    public void FinishWithoutResponse(Exception? fault, bool requestWasSent)
    {
        using (_gate.Enter())
        {
            _times.Ended();
            FinishReading(isWhole: false);
            End = requestWasSent ? StreamEnd.NoResponse : StreamEnd.NotSent;
            Verdict = OutcomeRules.DecideNoResponse(fault);
            Fault = Verdict.Status == UsageStatus.Failed ? fault : null;
        }

        Settings.Records.Complete(this, IsAwaited);
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
            EndTimes(StreamEnd.ReaderLeft);
            return true;
        }
    }

    /// <summary>
    /// The rest was read on as far as it was. The outcome is that of the moment when the reader left.
    /// </summary>
    /// <param name="end">Where the body ended; null where it was not read so far.</param>
    public void EndDrain(long? end)
    {
        using (_gate.Enter())
        {
            while (_decoded is { IsBehind: true })
            {
                ReadWaiting();
            }

            FinishReading(isWhole: end == _bytesReceived);
            End = StreamEnd.ReaderLeft;
            IsDrained = end == _bytesReceived; // Not where a reader of a pipe, or one that has jumped, left out a piece.
            bool isComplete = _hasDrained ? _wasComplete : Events.State.IsComplete; // An unfinished last event counts here too.
            Verdict = OutcomeRules.Decide(HttpStatusCode, Events.State, isComplete, Events.Protocol is not null, StreamEnd.ReaderLeft, _bytesReceived == 0 || Events.IsSilent);
        }

        Settings.Records.Complete(this, IsAwaited);
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
        UsageSnapshot snapshot = TakeSnapshot(Context, out UsageRecord? soFar);
        return soFar is null ? snapshot : snapshot with { Cost = RunningCost.Of(soFar, Settings.Pricing!) };
    }

    // What is to be priced goes out: the user's pricing must not run under the lock.
    private UsageSnapshot TakeSnapshot(UsageContext context, out UsageRecord? soFar)
    {
        string? requestedModel = context.Model;
        using (_gate.Enter())
        {
            soFar = null;
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
                    Cost = record.Cost,
                };
            }

            ref readonly var state = ref Events.State;
            SettledUsage settled = Events.Settled;
            TokenUsage usage = settled.Usage;
            TokenSource outputSource = TokenSource.Reported;
            if (!settled.IsOutputReported)
            {
                long estimate = ModelTokenEstimator.EstimateRunning(Events.Format, state.Model ?? requestedModel, Events.Protocol, Events.UncountedCharacters);
                usage = usage with { OutputTokens = settled.AddOutput(estimate) };
                outputSource = usage.OutputTokens == 0 ? TokenSource.None : TokenSource.Estimated;
            }

            var snapshot = new UsageSnapshot
            {
                Usage = usage,
                InputSource = settled.IsInputReported ? TokenSource.Reported : TokenSource.None,
                OutputSource = outputSource,
                BytesReceived = _bytesReceived,
                EventCount = Events.EventCount,
                StopReason = state.StopReason,
            };
            soFar = Settings.Pricing is null ? null : RunningCost.Describe(this, context, snapshot);
            return snapshot;
        }
    }

    /// <summary>Lets the body of the request go: its input was reported, or estimated. Its length stays.</summary>
    public void ReleaseRequestBody()
    {
        using (_gate.Enter())
        {
            RequestBody = default;
            RequestBodyCopy?.Dispose();
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

        ReleaseRequestBody(); // Where the making of the record has failed on the way.
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

        Settings.Records.Complete(this, IsAwaited);
    }

    private void Settle(StreamEnd end, Exception? fault)
    {
        while (end != StreamEnd.ShutDown && _decoded is { IsBehind: true })
        {
            ReadWaiting();
        }

        if (end == StreamEnd.ReaderLeft && _bytesReceived != 0 && _bytesReceived == _contentLength)
        {
            end = StreamEnd.EndOfBody; // Who knows the length need not read past it.
        }

        FinishReading(isWhole: end == StreamEnd.EndOfBody);
        End = end;
        Verdict = OutcomeRules.Decide(HttpStatusCode, Events.State, Events.State.IsComplete, Events.Protocol is not null, end, _bytesReceived == 0 || Events.IsSilent);
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
            Settings.Records.Hurry();
        }
    }

    // Who cancelled a read and did not come back left then.
    private void EndTimes(StreamEnd end)
    {
        if (!_isReadCancelled || end != StreamEnd.ReaderLeft)
        {
            _times.Ended();
        }
    }

    private void FinishReading(bool isWhole)
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
                _reader.Finish(isWhole);
            }
        }
        catch (Exception fault)
        {
            Events.Fail(fault);
        }
        finally
        {
            _reader.Release();
        }
    }
}
