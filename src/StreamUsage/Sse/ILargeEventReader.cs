namespace StreamUsage.Sse;

/// <summary>Gets the data of an event that is over the size limit, piece by piece, instead of its being kept.</summary>
internal interface ILargeEventReader
{
    void Begin();

    void Append(ReadOnlySpan<byte> data);
}
