namespace StreamUsage.PassThrough;

/// <summary>Represents a body that can be read on after its reader has left.</summary>
internal interface IDrainable
{
    /// <summary>Gets whether an abandoned read is still running.</summary>
    bool IsReading { get; }

    /// <summary>Takes the body from its reader if <paramref name="beginDrain"/> agrees. Returns false if it does not,
    /// or if a synchronous read is running, say. Afterwards the drainer ends the body.</summary>
    bool TryDetach(Func<bool> beginDrain);

    /// <summary>Reads the rest. Returns the offset at which the body or the answer ended; null if it was not
    /// reached.</summary>
    ValueTask<long?> DrainAsync(long maxBytes, CancellationToken cancellationToken);

    void Abort();

    /// <summary>Closes the body after draining.</summary>
    ValueTask CloseAsync();
}
