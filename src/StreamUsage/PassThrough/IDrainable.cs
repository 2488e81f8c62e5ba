namespace StreamUsage.PassThrough;

/// <summary>A body that can be read on after its reader has left.</summary>
internal interface IDrainable
{
    /// <summary>Takes the body out of the reader's hands; false where it cannot be (a synchronous read is under way, or the body is to stay open). From then on its end is the drainer's.</summary>
    bool TryDetach();

    /// <summary>What is left of the body, and where in it that begins.</summary>
    ValueTask<(DetachableStream Stream, long Offset)> OpenRestAsync(CancellationToken cancellationToken);

    /// <summary>Lets go of the body.</summary>
    ValueTask CloseAsync();
}
