namespace StreamUsage.DependencyInjection;

/// <summary>Says that a tracker is set up in a container.</summary>
internal sealed record TrackerName(string Name);
