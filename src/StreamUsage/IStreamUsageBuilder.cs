using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;

namespace StreamUsage;

/// <summary>Sets up one <see cref="UsageTracker"/> of a container: where its records go, and how. See <see cref="StreamUsageServiceCollectionExtensions"/>.</summary>
public interface IStreamUsageBuilder
{
    /// <summary>The container's services.</summary>
    IServiceCollection Services { get; }

    /// <summary>The name that the tracker's options and services go by; empty for the one without a name.</summary>
    string Name { get; }

    /// <summary>
    /// Adds a sink that is resolved from a fresh scope for each call, so that what a failed attempt leaves behind (a broken database context, say) is never used again. It is registered as scoped
    /// where it is not registered yet. Several sinks each get every record; one that fails costs the others nothing.
    /// When a host starts, the sink is resolved once, from a scope that is disposed at once. If that fails (a dependency
    /// is missing, or the constructor throws), the host does not start. The constructor must have no effect that needs a
    /// record.
    /// </summary>
    /// <typeparam name="TSink">The sink's type.</typeparam>
    /// <returns>This builder.</returns>
    IStreamUsageBuilder AddSink<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TSink>()
        where TSink : class, IUsageSink;

    /// <summary>Adds a sink that is there already. It is not disposed with the container.</summary>
    /// <param name="sink">The sink.</param>
    /// <returns>This builder.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="sink"/> is null.</exception>
    IStreamUsageBuilder AddSink(IUsageSink sink);
}
