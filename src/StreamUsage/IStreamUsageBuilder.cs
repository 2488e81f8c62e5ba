using Microsoft.Extensions.DependencyInjection;

namespace StreamUsage;

/// <summary>Configures one <see cref="UsageTracker"/> of a container. See
/// <see cref="StreamUsageServiceCollectionExtensions"/>.</summary>
public interface IStreamUsageBuilder
{
    /// <summary>Gets the container's services.</summary>
    IServiceCollection Services { get; }

    /// <summary>Gets the name of the tracker's options and services; empty for the default tracker.</summary>
    string Name { get; }
}
