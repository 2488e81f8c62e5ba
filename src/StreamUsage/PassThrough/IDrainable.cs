namespace StreamUsage.PassThrough;

/// <summary>A body that can be read on after its reader has left.</summary>
internal interface IDrainable
{
    /// <summary>Gets whether a read that its caller has left is still under way.</summary>
    bool IsReading { get; }

    /// <summary>Takes the body out of the reader's hands if <paramref name="beginDrain"/> agrees. Returns false if it
    /// does not, or if the body cannot be taken (a synchronous read is under way, say). Afterwards the body's end is
    /// the drainer's.</summary>
    bool TryDetach(Func<bool> beginDrain);

    /// <summary>Reads the rest. Returns where the body, or the answer in it, ended; null if it was not read so
    /// far.</summary>
    ValueTask<long?> DrainAsync(long maxBytes, CancellationToken cancellationToken);

    /// <summary>Ends a read that its caller has left.</summary>
    void Abort();

    /// <summary>Lets go of the body after it was drained.</summary>
    ValueTask CloseAsync();
}
