namespace StreamUsage.DependencyInjection;

/// <summary>One sink of a tracker.</summary>
/// <param name="TrackerName">The tracker's name.</param>
/// <param name="Sink">Makes it.</param>
/// <param name="ScopedType">The type that is resolved from a scope for each call; null for a sink that is there
/// already.</param>
internal sealed record SinkRegistration(string TrackerName, Func<IServiceProvider, IUsageSink> Sink, Type? ScopedType = null);
