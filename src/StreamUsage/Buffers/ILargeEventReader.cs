namespace StreamUsage.Buffers;

/// <summary>Gets the data of an event that is over the size limit, piece by piece, instead of its being kept.</summary>
internal interface ILargeEventReader
{
    /// <summary>What all that is kept may take together; null where that is not limited.</summary>
    BufferBudget? Budget { get; }

    void Begin();

    void Append(ReadOnlySpan<byte> data);
}
