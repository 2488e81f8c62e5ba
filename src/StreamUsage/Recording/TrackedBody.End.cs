using StreamUsage.Framing.Encodings;

namespace StreamUsage.Recording;

/// <content>Ends the body: by its reader, the drainer or a shutdown. An encoded body is first decoded to its
/// end.</content>
internal sealed partial class TrackedBody
{
    // A slice takes about 2 ms.
    private const int MaxSlicesAtShutdown = 25;

    // Whether the drainer read any byte; whether the answer was complete when the reader left.
    private bool _hasDrainedBytes, _wasCompleteWhenLeft;

    private Exception? _fault; // While the rest is decoded: what ended the reading.

    /// <summary>Gets why the reading ended. This and the members up to <see cref="IsDrainedToEnd"/> are valid after the
    /// end.</summary>
    public StreamEnd End { get; private set; }

    public Verdict Verdict { get; private set; }

    /// <summary>Gets the exception that broke the body, or left the request without a response; else null.</summary>
    public Exception? Fault => _stage == Stage.Ended ? _fault : null;

    /// <summary>Gets why an encoded body was not decoded to its end; null if it was, or is not encoded.</summary>
    public ContentFault? ContentFault => _decoded?.Fault;

    /// <summary>Gets whether the drainer read the body to its end.</summary>
    public bool IsDrainedToEnd { get; private set; }

    /// <summary>Ends the body. Only the first call has an effect, but a shutdown also ends a body that is being drained
    /// or decoded. The record, and the rest of the decoding, follow on another thread. Never throws.</summary>
    /// <returns>The outcome. Interrupted also if the body is still being drained or decoded.</returns>
    public StreamOutcome Finish(StreamEnd end, Exception? fault = null)
    {
        bool isShutDown = end == StreamEnd.ShutDown;
        using (_gate.Enter())
        {
            if (_stage == Stage.Ended)
            {
                return Verdict.Outcome;
            }

            if (_stage != Stage.Reading && !isShutDown)
            {
                return StreamOutcome.Interrupted;
            }

            if (_stage == Stage.Draining)
            {
                ConcludeDrained(end: null);
            }
            else if (_stage == Stage.CatchingUp)
            {
                CutCatchUpShort();
            }
            else
            {
                if (_isReadCanceled && (isShutDown || fault is ObjectDisposedException))
                {
                    // A canceled read closes an HTTP/1.1 connection, so the next read throws ObjectDisposedException.
                    // The reader left when it canceled, not when it tried again. At a shutdown, a reader that canceled
                    // and did not read on has left, too.
                    end = StreamEnd.ReaderLeft;
                }

                NoteEndTime(end);
                if (_decoded is { IsBehind: true } && !isShutDown && !NeedsOutcome)
                {
                    _stage = Stage.CatchingUp;
                    (End, _fault) = (end, fault);
                    QueueCatchUp();
                    return StreamOutcome.Interrupted;
                }

                Conclude(end, fault, decodesRest: !isShutDown);
            }
        }

        Settings.Records.Complete(this, _promise.IsAwaited);
        return Verdict.Outcome;
    }

    /// <summary>Notes a canceled read. The reader may read on. It has left if the body is then disposed or collected
    /// without further bytes.</summary>
    public void CancelRead()
    {
        using (_gate.Enter())
        {
            if (_stage == Stage.Reading)
            {
                _isReadCanceled = true;
                _times.NoteEnd();
            }
        }
    }

    /// <summary>Ends a request that got no response. The first call decides, as for <see cref="Finish"/>.</summary>
    public void FinishWithoutResponse(Exception? fault, bool requestWasSent)
    {
        using (_gate.Enter())
        {
            if (_stage == Stage.Ended)
            {
                return; // A shutdown ended it.
            }

            _times.NoteEnd();
            CloseReader(isWhole: false);
            End = requestWasSent ? StreamEnd.NoResponse : StreamEnd.NotSent;
            Verdict = OutcomeRules.DecideNoResponse(fault);
            _fault = Verdict.Status == UsageStatus.Failed ? fault : null;
            BecomePending();
        }

        Settings.Records.Complete(this, _promise.IsAwaited);
    }

    /// <summary>Begins to drain the body. Returns false if draining would add nothing.</summary>
    public bool TryBeginDrain()
    {
        using (_gate.Enter())
        {
            bool bringsMore = _stage == Stage.Reading && !_hasStoppedParsing && !(HttpStatusCode >= 400) && !Events.State.IsTerminal
                && Events.State.Error is null
                && (_bytesRead == 0 || _bytesRead != _contentLength);
            if (!bringsMore)
            {
                return false;
            }

            _stage = Stage.Draining;
            _wasCompleteWhenLeft = Events.State.IsComplete;
            NoteEndTime(StreamEnd.ReaderLeft);
            return true;
        }
    }

    /// <summary>Ends draining. Whether the answer is complete is decided by what the reader got; an error in the rest
    /// still counts.</summary>
    /// <param name="end">The offset at which the body ended; null if the end was not reached.</param>
    public void EndDrain(long? end)
    {
        bool isBehind;
        do
        {
            using (_gate.Enter())
            {
                if (_stage != Stage.Draining)
                {
                    return; // A shutdown ended it.
                }

                isBehind = _decoded is { IsBehind: true };
                if (isBehind)
                {
                    DecodeQueued();
                }
                else
                {
                    ConcludeDrained(end);
                }
            }
        }
        while (isBehind);

        Settings.Records.Complete(this, _promise.IsAwaited);
    }

    // A caller that wants an exception for an unreadable body needs the outcome now.
    private bool NeedsOutcome => Settings.Options.ThrowOnUnreadableStream && Events.Protocol is null;

    private void QueueCatchUp() => ThreadPool.UnsafeQueueUserWorkItem(static body => body.CatchUp(), this, preferLocal: false);

    // Decodes in slices, so that a caller who asks for the state does not wait.
    private void CatchUp()
    {
        using (_gate.Enter())
        {
            if (_stage != Stage.CatchingUp)
            {
                return; // A shutdown ended it.
            }

            DecodeQueued();
            if (_decoded!.IsBehind)
            {
                QueueCatchUp();
                return;
            }

            Conclude(End, _fault, decodesRest: false);
        }

        Settings.Records.Complete(this, _promise.IsAwaited);
    }

    // The rest is usually short, and holds the usage. A body that was read to its end is interrupted only if its rest
    // takes too long.
    private void CutCatchUpShort()
    {
        for (int slice = 0; slice < MaxSlicesAtShutdown && _decoded!.IsBehind; slice++)
        {
            DecodeQueued();
        }

        bool isCut = End == StreamEnd.EndOfBody && _decoded!.IsBehind;
        Conclude(isCut ? StreamEnd.ShutDown : End, _fault, decodesRest: false);
    }

    private void DecodeQueued()
    {
        try
        {
            _decoded!.ReadOn(_reader);
        }
        catch (Exception fault)
        {
            _hasStoppedParsing = true;
            _decoded!.Release();
            Events.Fail(fault);
        }
    }

    private void Conclude(StreamEnd end, Exception? fault, bool decodesRest)
    {
        while (decodesRest && _decoded is { IsBehind: true })
        {
            DecodeQueued();
        }

        if (end == StreamEnd.ReaderLeft && _bytesRead != 0 && _bytesRead == _contentLength && _decoded is not { IsBehind: true })
        {
            end = StreamEnd.EndOfBody; // A reader who knows the length need not read past it.
        }

        CloseReader(isWhole: end == StreamEnd.EndOfBody);
        End = end;
        Verdict = Decide(Events.State.IsComplete);

        // HttpContent wraps an IOException when it copies.
        _fault = end != StreamEnd.Broke || Verdict.Status != UsageStatus.Failed ? null
            : fault is HttpRequestException { InnerException: IOException cause } ? cause : fault;
        BecomePending();
    }

    private void ConcludeDrained(long? end)
    {
        CloseReader(isWhole: end == _bytesRead);
        End = StreamEnd.ReaderLeft;
        IsDrainedToEnd = end == _bytesRead; // False if a reader skipped bytes.

        // Without drained bytes the reader got the whole answer. An unterminated last event may have completed it just
        // now.
        Verdict = Decide(_hasDrainedBytes ? _wasCompleteWhenLeft : Events.State.IsComplete);
        BecomePending();
    }

    // Under the lock: a shutdown that finds the body ended waits for its record.
    private void BecomePending() => PendingGroup = Settings.Records.AddPending();

    private Verdict Decide(bool isComplete) => OutcomeRules.Decide(
        HttpStatusCode, Events.State, isComplete, hasProtocol: Events.Protocol is not null, End,
        isEmpty: _bytesRead == 0 || Events.IsSilent);

    // A reader who canceled a read and did not read on left at that time.
    private void NoteEndTime(StreamEnd end)
    {
        if (!_isReadCanceled || end != StreamEnd.ReaderLeft)
        {
            _times.NoteEnd();
        }
    }

    private void CloseReader(bool isWhole)
    {
        _stage = Stage.Ended;
        if (_decoded?.Release() is { } decoderFault)
        {
            Events.Fail(decoderFault);
        }

        try
        {
            if (!_hasStoppedParsing)
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
