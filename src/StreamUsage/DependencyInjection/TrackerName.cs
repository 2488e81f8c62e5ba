namespace StreamUsage.DependencyInjection;

/// <summary>Represents the registration of a tracker.</summary>
internal sealed record TrackerName(string Name);
