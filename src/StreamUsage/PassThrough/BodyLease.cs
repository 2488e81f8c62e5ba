namespace StreamUsage.PassThrough;

/// <summary>Held by the wrappers of one body and by nothing else: when it is collected, they were abandoned, and the reader has left.</summary>
internal sealed class BodyLease(TrackedBody body)
{
    ~BodyLease()
    {
        body.Finish(StreamEnd.ReaderLeft);
    }

    public TrackedBody Body => body;

    public StreamOutcome Finish(StreamEnd end, Exception? fault = null)
    {
#pragma warning disable CA1816 // Nothing is disposed: the finalizer has nothing left to say once the body has ended.
        GC.SuppressFinalize(this);
#pragma warning restore CA1816
        return body.Finish(end, fault);
    }

    /// <summary>A read or a copy has thrown: the reader's own cancellation means that it left, anything else that the body broke.</summary>
    public void Fail(Exception fault, CancellationToken cancellationToken)
    {
        // A body that cannot be read in this way (synchronously, say) has not ended.
        if (fault is not NotSupportedException)
        {
            Finish(fault is OperationCanceledException && cancellationToken.IsCancellationRequested ? StreamEnd.ReaderLeft : StreamEnd.Broke, fault);
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
}
