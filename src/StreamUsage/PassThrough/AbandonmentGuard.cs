using StreamUsage.Recording;

namespace StreamUsage.PassThrough;

/// <summary>Represents the wrappers of one body: if they are collected, the reader has abandoned the body.</summary>
internal sealed class AbandonmentGuard(TrackedBody body, BodyDrainer? drainer)
{
    ~AbandonmentGuard()
    {
        if (Rest is { IsReading: true })
        {
            // A read that the caller abandoned may still run. It is drained or ended, but not on the finalizer's
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

    /// <summary>Gets or sets the part of the body that can be drained; null if draining is off.</summary>
    public IDrainable? Rest { get; set; }

    /// <summary>Ends the reading because the reader left. Returns true if the body is now drained, and not to be
    /// closed.</summary>
    public bool Leave()
    {
        if (Rest is not { } rest || drainer is null)
        {
            Finish(StreamEnd.ReaderLeft);
            return false;
        }

        // A concurrent second call must wait for the result of the first.
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

    /// <summary>Ends the reading because the reader left, and aborts an abandoned read unless the body is
    /// drained.</summary>
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

    /// <summary>Handles a failed read or copy. The body broke unless the caller cancelled or misused it.</summary>
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

    /// <summary>Handles the end of the body. Throws for a body without an answer if the options ask for it.</summary>
    public void ReachEnd()
    {
        StreamOutcome outcome = Finish(StreamEnd.EndOfBody);
        if (outcome is StreamOutcome.Empty or StreamOutcome.Unreadable && body.Settings.Options.ThrowOnUnreadableStream)
        {
            throw new EmptyStreamException(outcome, body.Context, body.Times.ReadCount);
        }
    }

    // After the end, the finalizer has nothing to do.
    private void SuppressFinalizer()
    {
#pragma warning disable CA1816 // Nothing is disposed here.
        GC.SuppressFinalize(this);
#pragma warning restore CA1816
    }
}
