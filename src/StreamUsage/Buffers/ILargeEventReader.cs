namespace StreamUsage.Buffers;

/// <summary>Receives the data of an event over the size limit, piece by piece.</summary>
internal interface ILargeEventReader
{
    /// <summary>Gets the memory budget; null if unlimited.</summary>
    BufferBudget? Budget { get; }

    void Begin();

    void Append(ReadOnlySpan<byte> data);
}
