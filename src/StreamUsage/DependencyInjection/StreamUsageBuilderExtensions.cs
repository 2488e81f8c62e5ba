using StreamUsage;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds sinks and a queue to an <see cref="IStreamUsageBuilder"/>.</summary>
public static class StreamUsageBuilderExtensions
{
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
    /// <see cref="StreamUsageOptions.Background"/>. A host's shutdown delivers its records within a timeout.</summary>
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
