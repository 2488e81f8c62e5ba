using System.Diagnostics.CodeAnalysis;
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

    /// <summary>Adds a sink that is resolved from a new scope for each call, so that a failed attempt leaves nothing
    /// behind. Registers the sink as scoped if it is not registered. Each sink gets every record; one that fails does
    /// not affect the others.</summary>
    /// <remarks>A starting host resolves the sink once. If that fails, the host does not start. The constructor must
    /// have no effect that needs a record.</remarks>
    /// <typeparam name="TSink">The sink's type.</typeparam>
    /// <returns>This builder.</returns>
    IStreamUsageBuilder AddSink<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TSink>()
        where TSink : class, IUsageSink;

    /// <summary>Adds an existing sink. The container does not dispose it.</summary>
    /// <param name="sink">The sink.</param>
    /// <returns>This builder.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="sink"/> is null.</exception>
    IStreamUsageBuilder AddSink(IUsageSink sink);
}
