using StreamUsage;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>What else an <see cref="IStreamUsageBuilder"/> can be told.</summary>
public static class StreamUsageBuilderExtensions
{
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

    /// <summary>Puts a bounded queue between the tracker and its sinks; see
    /// <see cref="StreamUsageOptions.Background"/>. A host's stop delivers what is in it, within a time
    /// limit.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="configure">The queue's limits; null for the defaults.</param>
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
