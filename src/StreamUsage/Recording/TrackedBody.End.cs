using StreamUsage.Framing.Encodings;

namespace StreamUsage.Recording;

/// <content>Ends the body: by its reader, the drainer or a shutdown. An encoded body is first decoded to its
/// end.</content>
internal sealed partial class TrackedBody
{
    private bool _hasDrained, _wasComplete;

    /// <summary>Gets why the reading ended. Valid after the end, like the next members.</summary>
    public StreamEnd End { get; private set; }

    public Verdict Verdict { get; private set; }

    /// <summary>Gets the exception that broke the body, or left the request without a response; else null.</summary>
    public Exception? Fault { get; private set; }

    /// <summary>Gets why an encoded body was not decoded to its end; null if it was, or is not encoded.</summary>
    public ContentFault? ContentFault => _decoded?.Fault;

    /// <summary>Gets whether the drainer read the body to its end.</summary>
    public bool IsDrained { get; private set; }

    /// <summary>Ends the body once: the first call decides, but a shutdown does not wait for the drainer or the
    /// decoding. The record, and the rest of the decoding, follow on another thread. Never throws.</summary>
    /// <returns>The outcome; Interrupted if it is not known yet.</returns>
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
                SettleDrained(end: null);
            }
            else
            {
                if (_isReadCancelled && (isShutDown || fault is ObjectDisposedException))
                {
                    // An HTTP/1.1 connection does not survive a cancelled read, so the next read finds it closed. At a
                    // shutdown, a reader who cancelled and did not return has left.
                    end = StreamEnd.ReaderLeft;
                }

                if (_stage == Stage.Reading)
                {
                    EndTimes(end);
                    if (_decoded is { IsBehind: true } && !isShutDown && !NeedsOutcome)
                    {
                        _stage = Stage.CatchingUp;
                        QueueCatchUp(end, fault);
                        return StreamOutcome.Interrupted;
                    }
                }

                Settle(end, fault, decodesRest: !isShutDown);
            }
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
            if (_stage == Stage.Reading)
            {
                _isReadCancelled = true;
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
            FinishReading(isWhole: false);
            End = requestWasSent ? StreamEnd.NoResponse : StreamEnd.NotSent;
            Verdict = OutcomeRules.DecideNoResponse(fault);
            Fault = Verdict.Status == UsageStatus.Failed ? fault : null;
        }

        Settings.Records.Complete(this, _promise.IsAwaited);
    }

    /// <summary>Begins to drain the body. Returns false if draining would add nothing.</summary>
    public bool TryBeginDrain()
    {
        using (_gate.Enter())
        {
            bool bringsMore = _stage == Stage.Reading && !_hasReadFault && !(HttpStatusCode >= 400) && !Events.State.IsTerminal
                && Events.State.Error is null
                && (_bytesRead == 0 || _bytesRead != _contentLength);
            if (!bringsMore)
            {
                return false;
            }

            _stage = Stage.Draining;
            _wasComplete = Events.State.IsComplete;
            EndTimes(StreamEnd.ReaderLeft);
            return true;
        }
    }

    /// <summary>Ends draining. The outcome stays the one of the moment when the reader left.</summary>
    /// <param name="end">The offset at which the body ended; null if it was not reached.</param>
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
                    ReadWaiting();
                }
                else
                {
                    SettleDrained(end);
                }
            }
        }
        while (isBehind);

        Settings.Records.Complete(this, _promise.IsAwaited);
    }

    // A caller that wants an exception for an unreadable body needs the outcome now.
    private bool NeedsOutcome => Settings.Options.ThrowOnUnreadableStream && Events.Protocol is null;

    private void QueueCatchUp(StreamEnd end, Exception? fault) => ThreadPool.UnsafeQueueUserWorkItem(
        static ended => ended.Body.CatchUp(ended.End, ended.Fault), (Body: this, End: end, Fault: fault), preferLocal: false);

    // Decodes in slices, so that a caller who asks for the state does not wait.
    private void CatchUp(StreamEnd end, Exception? fault)
    {
        using (_gate.Enter())
        {
            if (_stage != Stage.CatchingUp)
            {
                return; // A shutdown ended it.
            }

            ReadWaiting();
            if (_decoded!.IsBehind)
            {
                QueueCatchUp(end, fault);
                return;
            }

            Settle(end, fault, decodesRest: false);
        }

        Settings.Records.Complete(this, _promise.IsAwaited);
    }

    private void ReadWaiting()
    {
        try
        {
            _decoded!.ReadOn(_reader);
        }
        catch (Exception fault)
        {
            _hasReadFault = true;
            _decoded!.Release();
            Events.Fail(fault);
        }
    }

    private void Settle(StreamEnd end, Exception? fault, bool decodesRest)
    {
        while (decodesRest && _decoded is { IsBehind: true })
        {
            ReadWaiting();
        }

        if (end == StreamEnd.ReaderLeft && _bytesRead != 0 && _bytesRead == _contentLength && _decoded is not { IsBehind: true })
        {
            end = StreamEnd.EndOfBody; // A reader who knows the length need not read past it.
        }

        FinishReading(isWhole: end == StreamEnd.EndOfBody);
        End = end;
        Verdict = Decide(Events.State.IsComplete);
        if (end == StreamEnd.Broke && Verdict.Status == UsageStatus.Failed)
        {
            // HttpContent wraps an IOException when it copies.
            Fault = fault is HttpRequestException { InnerException: IOException cause } ? cause : fault;
        }
    }

    private void SettleDrained(long? end)
    {
        FinishReading(isWhole: end == _bytesRead);
        End = StreamEnd.ReaderLeft;
        IsDrained = end == _bytesRead; // False if a reader skipped bytes.
        Verdict = Decide(_hasDrained ? _wasComplete : Events.State.IsComplete); // Includes an unterminated last event.
    }

    private Verdict Decide(bool isComplete) => OutcomeRules.Decide(
        HttpStatusCode, Events.State, isComplete, isRead: Events.Protocol is not null, End, isEmpty: _bytesRead == 0 || Events.IsSilent);

    // A reader who cancelled a read and did not return left at that time.
    private void EndTimes(StreamEnd end)
    {
        if (!_isReadCancelled || end != StreamEnd.ReaderLeft)
        {
            _times.NoteEnd();
        }
    }

    private void FinishReading(bool isWhole)
    {
        _stage = Stage.Ended;
        if (_decoded?.Release() is { } decoderFault)
        {
            Events.Fail(decoderFault);
        }

        try
        {
            if (!_hasReadFault)
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
