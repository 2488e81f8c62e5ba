namespace StreamUsage.DependencyInjection;

/// <summary>Represents one sink of a tracker.</summary>
/// <param name="TrackerName">The tracker's name.</param>
/// <param name="Sink">Creates the sink.</param>
/// <param name="ScopedType">The type that is resolved for each call; null for an existing sink.</param>
internal sealed record SinkRegistration(string TrackerName, Func<IServiceProvider, IUsageSink> Sink, Type? ScopedType = null);
