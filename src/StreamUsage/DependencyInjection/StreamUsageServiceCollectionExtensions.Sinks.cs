using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection.Extensions;
using StreamUsage;
using StreamUsage.DependencyInjection;

namespace Microsoft.Extensions.DependencyInjection;

/// <content>Adds sinks and delivery to an <see cref="IStreamUsageBuilder"/>.</content>
public static partial class StreamUsageServiceCollectionExtensions
{
    /// <summary>Adds a sink that is resolved from a new scope for each call, so that a failed attempt leaves no state.
    /// Registers the sink as scoped if it is not registered. Each sink gets every record; one that fails does not
    /// affect the others.</summary>
    /// <remarks>The host also resolves the sink once when it starts, and does not start if that fails. So the
    /// constructor must have no side effects.</remarks>
    /// <typeparam name="TSink">The sink's type.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    public static IStreamUsageBuilder AddSink<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TSink>(
        this IStreamUsageBuilder builder)
        where TSink : class, IUsageSink
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.TryAddScoped<TSink>();
        builder.Services.AddSingleton(new SinkRegistration(
            builder.Name, static provider => new ScopedSink<TSink>(provider.GetRequiredService<IServiceScopeFactory>()), typeof(TSink)));
        return builder;
    }

    /// <summary>Adds an existing sink. The container does not dispose it.</summary>
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

    /// <summary>Adds a sink that calls one function for each record.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="record">Stores a record; see <see cref="IUsageSink.RecordAsync"/>.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static IStreamUsageBuilder AddSink(this IStreamUsageBuilder builder, Func<UsageRecord, CancellationToken, ValueTask> record)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddSink(new CallbackUsageSink(record));
    }

    /// <summary>Adds a bounded queue between the tracker and its sinks; see
    /// <see cref="StreamUsageOptions.Background"/>. A stopping host delivers the queued records within a
    /// timeout.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="configure">Sets the queue's options; null for the defaults.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    public static IStreamUsageBuilder DeliverInBackground(
        this IStreamUsageBuilder builder, Action<BackgroundDeliveryOptions>? configure = null)
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
