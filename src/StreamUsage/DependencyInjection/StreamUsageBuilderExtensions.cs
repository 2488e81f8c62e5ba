using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection.Extensions;
using StreamUsage;
using StreamUsage.DependencyInjection;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds sinks and delivery to an <see cref="IStreamUsageBuilder"/>.</summary>
public static class StreamUsageBuilderExtensions
{
    /// <summary>
    /// Adds a sink that is resolved from a fresh scope for each call, so that what a failed attempt leaves behind (a broken database context, say) is never used again. It is registered as scoped
    /// where it is not registered yet. Several sinks each get every record; one that fails costs the others nothing.
    /// When a host starts, the sink is resolved once, from a scope that is disposed at once. If that fails (a dependency
    /// is missing, or the constructor throws), the host does not start. The constructor must have no effect that needs a
    /// record.
    /// </summary>
    /// <typeparam name="TSink">The sink's type.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    public static IStreamUsageBuilder AddSink<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TSink>(this IStreamUsageBuilder builder)
        where TSink : class, IUsageSink
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.TryAddScoped<TSink>();
        builder.Services.AddSingleton(new SinkRegistration(builder.Name, static provider => new ScopedSink<TSink>(provider.GetRequiredService<IServiceScopeFactory>()), typeof(TSink)));
        return builder;
    }

    /// <summary>Adds a sink that exists already. It is not disposed with the container.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="sink">The sink.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static IStreamUsageBuilder AddSink(this IStreamUsageBuilder builder, IUsageSink sink)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(sink);
        builder.Services.AddSingleton(new SinkRegistration(builder.Name, _ => sink));
        return builder;
    }

    /// <summary>Adds a sink that is one function.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="record">Takes a record; see <see cref="IUsageSink.RecordAsync"/>.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static IStreamUsageBuilder AddSink(this IStreamUsageBuilder builder, Func<UsageRecord, CancellationToken, ValueTask> record)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddSink(new CallbackUsageSink(record));
    }

    /// <summary>Puts a bounded queue between the tracker and its sinks; see <see cref="StreamUsageOptions.Background"/>. A host's stop delivers what is in it, within a time limit.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="configure">The queue's limits; null for the defaults.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    public static IStreamUsageBuilder DeliverInBackground(this IStreamUsageBuilder builder, Action<BackgroundDeliveryOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.Configure<StreamUsageOptions>(builder.Name, options =>
        {
            options.Background ??= new BackgroundDeliveryOptions();
            configure?.Invoke(options.Background);
        });
        return builder;
    }
}
