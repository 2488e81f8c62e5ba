namespace StreamUsage.DependencyInjection;

/// <summary>One sink of a tracker.</summary>
/// <param name="TrackerName">The tracker's name.</param>
/// <param name="Sink">Makes it.</param>
internal sealed record SinkRegistration(string TrackerName, Func<IServiceProvider, IUsageSink> Sink);
