namespace StreamUsage.PassThrough;

/// <summary>A body that can be read on after its reader has left.</summary>
internal interface IDrainable
{
    /// <summary>
    /// Takes the body out of the reader's hands where <paramref name="beginDrain"/> says so; false where it does not, or where it cannot be (a synchronous read is under way).
    /// From then on the body's end is the drainer's.
    /// </summary>
    bool TryDetach(Func<bool> beginDrain);

    /// <summary>What is left of the body, and where in it that begins.</summary>
    ValueTask<(DetachableStream Stream, long Offset)> OpenRestAsync(CancellationToken cancellationToken);

    /// <summary>Lets go of the body.</summary>
    ValueTask CloseAsync();
}
