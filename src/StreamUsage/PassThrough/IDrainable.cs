namespace StreamUsage.PassThrough;

/// <summary>Represents a body that the drainer can read to its end after the reader has left.</summary>
internal interface IDrainable
{
    /// <summary>Gets whether an abandoned read is still running.</summary>
    bool IsReading { get; }

    /// <summary>Takes the body from its reader. After true, only the drainer may read or close the body.</summary>
    /// <param name="beginDrain">Decides whether draining would add anything.</param>
    /// <returns>False if <paramref name="beginDrain"/> refuses, or a read is running that cannot be taken
    /// over.</returns>
    bool TryDetach(Func<bool> beginDrain);

    /// <summary>Reads the rest of a detached body. Throws if the body breaks, and may throw on cancellation.</summary>
    /// <param name="maxBytes">The limit, counted from the first byte that the reader did not get, or of a pipe did not
    /// consume. The read that crosses it is the last one.</param>
    /// <param name="cancellationToken">Ends the draining.</param>
    /// <returns>The offset after the last byte of the body, or of the format's last event; null if neither was
    /// reached.</returns>
    ValueTask<long?> DrainAsync(long maxBytes, CancellationToken cancellationToken);

    /// <summary>Cancels the abandoned read of a body that is not drained. Does not wait.</summary>
    void Abort();

    /// <summary>Closes the body after draining.</summary>
    ValueTask CloseAsync();
}
