namespace StreamUsage.Tests.Support;

/// <summary>Tests that measure the process's memory, or that take all of its threads: nothing else runs beside
/// them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "Alone";
}
