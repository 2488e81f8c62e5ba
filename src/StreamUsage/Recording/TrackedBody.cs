using System.Diagnostics;
using StreamUsage.Accounting;
using StreamUsage.Capture;
using StreamUsage.Delivery;
using StreamUsage.Diagnostics;
using StreamUsage.Estimation;
using StreamUsage.Framing;
using StreamUsage.Framing.Encodings;
using StreamUsage.Recording.Journal;

namespace StreamUsage.Recording;

/// <summary>Represents one tracked response: its state, and how it ended. It holds no reference to its wrappers, so
/// that abandoned ones can be collected. The lock is held for tens of nanoseconds an event; of user code, only a custom
/// parser runs under it.</summary>
internal sealed partial class TrackedBody
{
    private BodyGate _gate;
    private readonly BodyReader _reader;
    private readonly DecodedBody? _decoded;
    private StreamTimes _times;
    private readonly ChunkGaps? _chunks;
    private readonly long _contentLength; // Negative if unknown.
    private long _bytesReceived;
    private bool _isEnded, _isCatchingUp, _isUnread, _isReadCancelled, _isDraining, _hasDrained, _wasComplete;
    private CallerFailure? _failure;
    private RecordPromise _promise;

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
        Activity? current = Activity.Current;
        Trace = current is { IdFormat: ActivityIdFormat.W3C } ? current.Context : default;
        Caller = settings.TagsCallers ? current : null;
        _chunks = settings.Metrics is { MeasuresChunks: true } ? new ChunkGaps() : null;
    }

    public BodySettings Settings { get; }

    public Guid Id { get; }

    /// <summary>Gets the copy to dispose when <see cref="RequestBody"/> is no longer needed; null for the caller's
    /// memory.</summary>
    public IDisposable? RequestBodyCopy { private get; set; }

    public int? HttpStatusCode { get; }

    public IReadOnlyDictionary<string, string>? ResponseHeaders { get; }

    /// <summary>Gets where the request went; null if unknown.</summary>
    public Uri? RequestUri { get; init; }

    /// <summary>Gets whether the request fetched a stored response.</summary>
    public bool IsFetch { get; init; }

    /// <summary>Gets the caller's activity if it is to describe the response; else null.</summary>
    public Activity? Caller { get; }

    /// <summary>Gets or sets whether the caller's activity describes the response.</summary>
    public bool IsCallerDescribed { get; set; }

    public ActivityContext Trace { get; }

    public string? TraceId => Trace == default ? null : Trace.TraceId.ToHexString();

    public string? SpanId => Trace == default ? null : Trace.SpanId.ToHexString();

    public DateTimeOffset StartedAt => _times.StartedAt;

    /// <summary>Gets or sets the sinks' start calls, for which the record waits; null if no sink uses the
    /// start.</summary>
    public Task[]? Starts { get; set; }

    public bool IsStartPending { get; set; }

    /// <summary>Gets or sets the pending records that this one belongs to; null until the body has ended.</summary>
    public PendingRecords.Group? Pending { get; set; }

    public TrackedBody? PreviousOpen { get; set; }

    public TrackedBody? NextOpen { get; set; }

    // The members from here on are settled when the body has ended.
    public EventReader Events => _reader.Events;

    /// <summary>Gets why an encoded body was not decoded to its end; null if it was, or is not encoded.</summary>
    public ContentFault? ContentFault => _decoded?.Fault;

    public StreamEnd End { get; private set; }

    public Exception? Fault { get; private set; }

    public OutcomeRules.Verdict Verdict { get; private set; }

    public bool IsDrained { get; private set; }

    public CallerFailure? Failure => _failure;

    /// <summary>Gets the bytes received; 0 if the bytes read are not the provider's.</summary>
    public long BytesReceived => IsOfClient ? 0 : _bytesReceived;

    /// <summary>Gets whether a client's objects are read, not the provider's bytes.</summary>
    public bool IsOfClient { get; init; }

    public ref readonly StreamTimes Times => ref _times;

    public Task<UsageRecord> Completion
    {
        get
        {
            Task<UsageRecord> completion;
            using (_gate.Enter())
            {
                completion = _promise.AwaitRecord();
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
                delivery = _promise.AwaitDelivery();
            }

            HurryFor(delivery);
            return delivery;
        }
    }

    /// <summary>Reports the start to the sinks.</summary>
    public void Begin() => Settings.Records.Begin(this);

    /// <summary>Reads bytes before the caller gets them. Ignores bytes that were seen before. Never throws.</summary>
    /// <param name="offset">The bytes' offset in the body.</param>
    /// <param name="bytes">The bytes, in place.</param>
    /// <param name="isNewRead">Whether the bytes begin a read; else they continue one.</param>
    /// <returns>Whether any byte was new.</returns>
    public bool Receive(long offset, ReadOnlySpan<byte> bytes, bool isNewRead = true)
    {
        if (bytes.IsEmpty)
        {
            return false;
        }

        using (_gate.Enter())
        {
            // After a gap nothing is read until the reader comes back: the following bytes make no sense without it.
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
                // A fault here must not reach the caller: what was read so far stands.
                _isUnread = true;
                Events.Fail(fault);
            }

            ReleaseReportedRequest();
            if (Events.EventCount != 0 && !_isDraining)
            {
                MeasureChunks();
            }

            if (!_times.HasFirstToken && Events.HasOutput && !_isDraining)
            {
                _times.FirstToken();
            }

            return true;
        }
    }

    /// <summary>Ends the body once: the first call decides. The record, and the rest of the decoding, follow on another
    /// thread. Never throws.</summary>
    /// <returns>The outcome; Interrupted if it is not known yet.</returns>
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
                // An HTTP/1.1 connection does not survive a cancelled read, so the next read finds it closed.
                end = StreamEnd.ReaderLeft;
            }

            if (!_isCatchingUp)
            {
                EndTimes(end);
                if (_decoded is { IsBehind: true } && end != StreamEnd.ShutDown
                    && (Events.Protocol is not null || !Settings.ThrowOnUnreadableStream))
                {
                    _isCatchingUp = true;
                    ThreadPool.UnsafeQueueUserWorkItem(
                        static ended => ended.Body.CatchUp(ended.End, ended.Fault),
                        (Body: this, End: end, Fault: fault),
                        preferLocal: false);
                    return StreamOutcome.Interrupted;
                }
            }

            Settle(end, fault);
        }

        Settings.Records.Complete(this, _promise.IsAwaited);
        return Verdict.Outcome;
    }

    /// <summary>Notes a cancelled read. The reader has left only if no more bytes, but a dispose or a collection
    /// follow.</summary>
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

    /// <summary>Ends a request that got no response. The first call decides, as for <see cref="Finish"/>.</summary>
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

        Settings.Records.Complete(this, _promise.IsAwaited);
    }

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

    /// <summary>Begins to drain the body. Returns false if draining would add nothing.</summary>
    public bool TryBeginDrain()
    {
        using (_gate.Enter())
        {
            bool bringsMore = !_isEnded && !_isDraining && !_isUnread && !(HttpStatusCode >= 400) && !Events.State.IsTerminal
                && Events.State.Error is null
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

    /// <summary>Ends draining. The outcome stays the one of the moment when the reader left.</summary>
    /// <param name="end">The offset at which the body ended; null if it was not reached.</param>
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
            IsDrained = end == _bytesReceived; // False if a reader skipped bytes.
            bool isComplete = _hasDrained ? _wasComplete : Events.State.IsComplete; // Includes an unterminated last event.
            Verdict = OutcomeRules.Decide(HttpStatusCode, Events.State, isComplete, Events.Protocol is not null, StreamEnd.ReaderLeft,
                _bytesReceived == 0 || Events.IsSilent);
        }

        Settings.Records.Complete(this, _promise.IsAwaited);
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

    /// <summary>Gets whether the body has not ended.</summary>
    public bool IsOpen
    {
        get
        {
            using (_gate.Enter())
            {
                return !_isEnded;
            }
        }
    }

    /// <summary>Returns the record that this response gets if the process ends now; null if it has ended.</summary>
    public UsageRecord? DescribeOpen(TimeSpan duration)
    {
        UsageContext context = Context;
        using (_gate.Enter())
        {
            return _isEnded ? null : OrphanRecord.Of(this, RunningCost.Describe(this, context, SnapshotOpen(context)), duration);
        }
    }

    // Pricing is user code and must not run under the lock, so its input is returned.
    private UsageSnapshot TakeSnapshot(UsageContext context, out UsageRecord? soFar)
    {
        using (_gate.Enter())
        {
            soFar = null;
            if (_promise.Record is { } record)
            {
                return new UsageSnapshot
                {
                    Model = record.ResponseModel ?? record.Context.Model,
                    Usage = record.Usage,
                    InputSource = record.InputSource,
                    OutputSource = record.OutputSource,
                    BytesReceived = record.BytesReceived,
                    EventCount = record.EventCount,
                    StopReason = record.StopReason,
                    Cost = record.Cost,
                };
            }

            UsageSnapshot snapshot = SnapshotOpen(context);
            soFar = Settings.Pricing is null ? null : RunningCost.Describe(this, context, snapshot);
            return snapshot;
        }
    }

    private UsageSnapshot SnapshotOpen(UsageContext context)
    {
        ref readonly UsageAccumulator state = ref Events.State;
        SettledUsage settled = Events.Settled;
        TokenUsage usage = settled.Usage;
        TokenSource outputSource = TokenSource.Reported;
        if (!settled.IsOutputReported)
        {
            long estimate = ModelTokenEstimator.EstimateRunning(
                Events.Format, state.Model ?? context.Model, Events.Protocol, Events.UncountedCharacters);
            usage = usage with { OutputTokens = settled.AddOutput(estimate) };
            outputSource = usage.OutputTokens == 0 ? TokenSource.None : TokenSource.Estimated;
        }

        return new UsageSnapshot
        {
            Model = state.Model ?? context.Model,
            Usage = usage,
            InputSource = settled.IsInputReported ? TokenSource.Reported : TokenSource.None,
            OutputSource = outputSource,
            BytesReceived = BytesReceived,
            EventCount = Events.EventCount,
            StopReason = state.StopReason,
        };
    }

    /// <summary>Releases the request body. Its length stays known.</summary>
    public void ReleaseRequestBody()
    {
        using (_gate.Enter())
        {
            RequestBody = default;
            RequestBodyCopy?.Dispose();
        }
    }

    /// <summary>Returns a record of the ended response with what telemetry needs beside it.</summary>
    public GenAICall ToCall(UsageRecord record) => new(record)
    {
        RequestUri = RequestUri,
        IsFetch = IsFetch,
        TimeToFirstChunk = _times.TimeToFirstChunk,
        Chunks = _chunks,
    };

    /// <summary>Completes the handle after the delivery succeeded or failed.</summary>
    public void Complete(UsageRecord record, DeliveryResult result)
    {
        using (_gate.Enter())
        {
            _promise.Keep(record, result);
        }

        ReleaseRequestBody(); // Needed if building the record failed.
        _promise.Complete();
    }

    /// <summary>Completes the handle of a response that has no record.</summary>
    public void CompleteWithoutRecord()
    {
        using (_gate.Enter())
        {
            Events.ReleaseOutput();
            Events.TakeReportedUsageJson();
            Events.TakeCaptured();
            _promise.Cancel();
        }

        ReleaseRequestBody();
        _promise.Complete();
    }

    // Decodes in slices, so that a caller who asks for the state does not wait.
    private void CatchUp(StreamEnd end, Exception? fault)
    {
        using (_gate.Enter())
        {
            if (_isEnded)
            {
                return; // A shutdown ended it.
            }

            ReadWaiting();
            if (_decoded!.IsBehind)
            {
                ThreadPool.UnsafeQueueUserWorkItem(
                    static ended => ended.Body.CatchUp(ended.End, ended.Fault), (Body: this, End: end, Fault: fault), preferLocal: false);
                return;
            }

            Settle(end, fault);
        }

        Settings.Records.Complete(this, _promise.IsAwaited);
    }

    private void Settle(StreamEnd end, Exception? fault)
    {
        while (end != StreamEnd.ShutDown && _decoded is { IsBehind: true })
        {
            ReadWaiting();
        }

        if (end == StreamEnd.ReaderLeft && _bytesReceived != 0 && _bytesReceived == _contentLength)
        {
            end = StreamEnd.EndOfBody; // A reader who knows the length need not read past it.
        }

        FinishReading(isWhole: end == StreamEnd.EndOfBody);
        End = end;
        Verdict = OutcomeRules.Decide(HttpStatusCode, Events.State, Events.State.IsComplete, Events.Protocol is not null, end,
            _bytesReceived == 0 || Events.IsSilent);
        if (end == StreamEnd.Broke && Verdict.Status == UsageStatus.Failed)
        {
            // HttpContent wraps an IOException when it copies.
            Fault = fault is HttpRequestException { InnerException: IOException cause } ? cause : fault;
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

    private void MeasureChunks()
    {
        if (!_times.HasFirstChunk)
        {
            _times.FirstChunk();
        }

        _chunks?.Received(_times.Elapsed(), Events.EventCount);
    }

    // A reader who cancelled a read and did not return left at that time.
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
