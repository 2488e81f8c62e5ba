namespace StreamUsage.Benchmarks;

/// <summary>How much one read of a scripted body returns at most.</summary>
/// <param name="Name">As a command line names it.</param>
/// <param name="Bytes">The bytes a read; 0 for exactly one event.</param>
internal sealed record ReadSize(string Name, int Bytes)
{
    public static IReadOnlyList<ReadSize> All { get; } = [new("event", 0), new("1400", 1_400), new("16384", 16_384)];

    public string Description => Bytes == 0 ? "one event a read" : $"reads of {Bytes:N0} B";
}
