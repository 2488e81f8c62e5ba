namespace StreamUsage.Buffers;

/// <summary>Receives the data of an event that is not buffered, because of its size or the memory budget, piece by
/// piece.</summary>
internal interface ILargeEventReader
{
    /// <summary>Gets the memory budget; null if unlimited.</summary>
    BufferBudget? Budget { get; }

    /// <summary>Begins an event.</summary>
    void Begin();

    /// <summary>Receives the next piece of its data.</summary>
    void Append(ReadOnlySpan<byte> data);
}
