using StreamUsage.Recording;

namespace StreamUsage.PassThrough;

/// <summary>Held by the wrappers of one body and by nothing else: when it is collected, they were abandoned, and the reader has left.</summary>
internal sealed class AbandonmentGuard(TrackedBody body)
{
    ~AbandonmentGuard()
    {
        body.Finish(StreamEnd.ReaderLeft);
    }

    private bool _isTaken;

    public TrackedBody Body => body;

    /// <summary>What can be read on when the reader leaves; null where draining is off.</summary>
    public IDrainable? Rest { get; set; }

    /// <summary>The reader has left. True where the body is read on in the background: closing it is then not the wrapper's.</summary>
    public bool Leave()
    {
        if (Rest is not { } rest || body.Tracker.Drainer is not { } drainer)
        {
            Finish(StreamEnd.ReaderLeft);
            return false;
        }

        // Who leaves in a second way at the same time must know what became of the first.
        lock (this)
        {
            if (!_isTaken)
            {
                _isTaken = drainer.TryTake(body, rest);
                Finish(StreamEnd.ReaderLeft);
            }

            return _isTaken;
        }
    }

    public StreamOutcome Finish(StreamEnd end, Exception? fault = null)
    {
        SuppressFinalizer();
        return body.Finish(end, fault);
    }

    /// <summary>A read or a copy has thrown: the reader's own cancellation means that it left, anything else that the body broke.</summary>
    public void Fail(Exception fault, CancellationToken cancellationToken)
    {
        // A body that cannot be read in this way (synchronously, say) has not ended.
        if (fault is OperationCanceledException && cancellationToken.IsCancellationRequested)
        {
            Leave();
        }
        else if (fault is not NotSupportedException && !_isTaken)
        {
            Finish(StreamEnd.Broke, fault);
        }
    }

    /// <summary>The body was read to its end. Throws where the caller asked to be told of a body without an answer.</summary>
    public void ReachEnd()
    {
        StreamOutcome outcome = Finish(StreamEnd.EndOfBody);
        if (outcome is StreamOutcome.Empty or StreamOutcome.Unreadable && body.Tracker.Settings.ThrowOnUnreadableStream)
        {
            throw new EmptyStreamException(outcome);
        }
    }

    // Once the body has ended, or is read on, the finalizer has nothing left to say.
    private void SuppressFinalizer()
    {
#pragma warning disable CA1816 // Nothing is disposed here.
        GC.SuppressFinalize(this);
#pragma warning restore CA1816
    }
}
