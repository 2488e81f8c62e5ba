namespace StreamUsage.Benchmarks.Live;

/// <summary>What the live command measures.</summary>
internal enum LivePart
{
    Latency,
    Flat,
    Paced,
    Memory,
    Load,
}
