using StreamUsage.Recording;

namespace StreamUsage.PassThrough;

/// <summary>Decides how the reading of a body ended, for all its wrappers. If they are collected without an end, the
/// reader has left.</summary>
internal sealed class BodyReadGuard(TrackedBody body, BodyDrainer? drainer)
{
    private bool _isDrained;

    ~BodyReadGuard()
    {
        if (Drainable is { IsReading: true })
        {
            // A read that the caller abandoned may still run. It is drained or ended, but not on the finalizer's
            // thread.
            ThreadPool.UnsafeQueueUserWorkItem(static guard => guard.LeaveOrAbort(), this, preferLocal: false);
        }
        else
        {
            body.Finish(StreamEnd.ReaderLeft); // Never throws.
        }
    }

    public TrackedBody Body => body;

    /// <summary>Gets or sets the wrapper that the drainer can take; null if draining is off.</summary>
    public IDrainable? Drainable { get; set; }

    /// <summary>Ends the reading because the reader left. Returns true if the drainer now owns the body, so that the
    /// caller must not close it.</summary>
    public bool Leave()
    {
        if (Drainable is not { } drainable || drainer is null)
        {
            Finish(StreamEnd.ReaderLeft);
            return false;
        }

        // A concurrent second call must wait for the result of the first. The lock is the object itself: one object
        // less for each open stream.
        lock (this)
        {
            if (!_isDrained)
            {
                _isDrained = drainer.TryTake(body, drainable);
                Finish(StreamEnd.ReaderLeft); // Of a drained body, it only stops the finalizer.
            }

            return _isDrained;
        }
    }

    /// <summary>Ends the reading because the reader left, and aborts an abandoned read unless the body is
    /// drained.</summary>
    public void LeaveOrAbort()
    {
        if (!Leave())
        {
            Drainable?.Abort();
        }
    }

    /// <summary>Ends the reading. The first call decides.</summary>
    public StreamOutcome Finish(StreamEnd end, Exception? fault = null)
    {
#pragma warning disable CA1816 // Nothing is disposed here: after the end, the finalizer has nothing to do.
        GC.SuppressFinalize(this);
#pragma warning restore CA1816
        return body.Finish(end, fault);
    }

    /// <summary>Handles a failed read or copy. The body broke unless the caller canceled or misused it (a write-only
    /// stream, a wrong argument, a concurrent read of an SslStream).</summary>
    public void Fail(Exception fault, CancellationToken cancellationToken)
    {
        if (IsCancellation(fault, cancellationToken))
        {
            body.CancelRead();
        }
        else if (fault is not (NotSupportedException or ArgumentException) && !_isDrained)
        {
            Finish(StreamEnd.Broke, fault);
        }
    }

    /// <summary>Handles a failed copy. If its destination failed, the reader has left. A destination that was canceled
    /// with the copy counts as a canceled read.</summary>
    public void FailCopy(bool hasDestinationFailed, Exception fault, CancellationToken cancellationToken)
    {
        if (hasDestinationFailed && !IsCancellation(fault, cancellationToken))
        {
            LeaveOrAbort();
        }
        else
        {
            Fail(fault, cancellationToken);
        }
    }

    /// <summary>Handles the end of the body. Throws for a body without an answer if the options ask for it.</summary>
    public void ReachEnd()
    {
        StreamOutcome outcome = Finish(StreamEnd.EndOfBody);
        if (body.Settings.Options.ThrowOnUnreadableStream && outcome is StreamOutcome.Empty or StreamOutcome.Unreadable)
        {
            throw new EmptyStreamException(outcome, body.Context, body.Times.ReadCount);
        }
    }

    /// <summary>Returns whether the caller canceled.</summary>
    public static bool IsCancellation(Exception fault, CancellationToken cancellationToken) =>
        fault is OperationCanceledException && cancellationToken.IsCancellationRequested;
}
