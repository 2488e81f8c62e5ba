using Microsoft.Extensions.DependencyInjection;

namespace StreamUsage;

/// <summary>Sets up one <see cref="UsageTracker"/> of a container: where its records go, and how. See <see cref="StreamUsageServiceCollectionExtensions"/>.</summary>
public interface IStreamUsageBuilder
{
    /// <summary>The container's services.</summary>
    IServiceCollection Services { get; }

    /// <summary>The name that the tracker's options and services go by; empty for the one without a name.</summary>
    string Name { get; }
}
