namespace StreamUsage.DependencyInjection;

/// <summary>Represents the registration of a tracker.</summary>
/// <param name="Name">The tracker's name; empty for the default one.</param>
internal sealed record TrackerName(string Name);
