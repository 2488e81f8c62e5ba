using StreamUsage.Recording;

namespace StreamUsage.PassThrough;

/// <summary>
/// Held by the wrappers of one body and by nothing else: when it is collected, they were abandoned, and the reader has
/// left.
/// </summary>
internal sealed class AbandonmentGuard(TrackedBody body, BodyDrainer? drainer)
{
    ~AbandonmentGuard()
    {
        if (Rest is { IsReading: true })
        {
            // Its caller has left a read that still goes on: it is drained, or it must end. Not on the finalizer's
            // thread.
            ThreadPool.UnsafeQueueUserWorkItem(static guard => guard.LeaveOrAbort(), this, preferLocal: false);
        }
        else
        {
            body.Finish(StreamEnd.ReaderLeft);
        }
    }

    private bool _isTaken;

    public TrackedBody Body => body;

    /// <summary>Gets or sets what can be drained when the reader leaves; null if draining is off.</summary>
    public IDrainable? Rest { get; set; }

    /// <summary>
    /// The reader has left. Returns true if the body is drained in the background; closing it is then not the wrapper's
    /// job.
    /// </summary>
    public bool Leave()
    {
        if (Rest is not { } rest || drainer is null)
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

    /// <summary>Leaves. If the body is not drained, a read that its caller has left is ended.</summary>
    public void LeaveOrAbort()
    {
        if (!Leave())
        {
            Rest?.Abort();
        }
    }

    public StreamOutcome Finish(StreamEnd end, Exception? fault = null)
    {
        SuppressFinalizer();
        return body.Finish(end, fault);
    }

    /// <summary>
    /// A read or a copy has thrown. The caller's own cancellation decides nothing yet, and neither does a misuse;
    /// anything else means that the body broke.
    /// </summary>
    public void Fail(Exception fault, CancellationToken cancellationToken)
    {
        if (fault is OperationCanceledException && cancellationToken.IsCancellationRequested)
        {
            body.CancelRead();
        }
        else if (fault is not (NotSupportedException or ArgumentException) && !_isTaken)
        {
            Finish(StreamEnd.Broke, fault);
        }
    }

    /// <summary>
    /// The body was read to its end. Throws if the caller asked to be told of a body without an answer.
    /// </summary>
    public void ReachEnd()
    {
        StreamOutcome outcome = Finish(StreamEnd.EndOfBody);
        if (outcome is StreamOutcome.Empty or StreamOutcome.Unreadable && body.Settings.ThrowOnUnreadableStream)
        {
            throw new EmptyStreamException(outcome, body.Context, body.Times.ReadCount);
        }
    }

    // Once the body has ended, or is drained, the finalizer has nothing left to say.
    private void SuppressFinalizer()
    {
#pragma warning disable CA1816 // Nothing is disposed here.
        GC.SuppressFinalize(this);
#pragma warning restore CA1816
    }
}
