using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using StreamUsage;
using StreamUsage.DependencyInjection;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds StreamUsage to a container, to its HTTP clients and to its health checks.</summary>
public static partial class StreamUsageServiceCollectionExtensions
{
    /// <summary>Registers a <see cref="UsageTracker"/> as a singleton and <see cref="UsageTrackingHandler"/> as a
    /// transient. A further call configures the same tracker.</summary>
    /// <remarks>
    /// <para>The tracker uses the container's logging, <see cref="TimeProvider"/>, meter factory and parsers
    /// (<see cref="StreamUsage.Parsing.IUsageParser"/>, after those in the options). If the options set none, it also
    /// uses the container's <see cref="StreamUsage.Estimation.ITokenEstimator"/> and
    /// <see cref="StreamUsage.Pricing.IUsagePricing"/>. Each is resolved once, from the root container.</para>
    /// <para>A host validates the options when it starts, and waits for open responses and records when it
    /// stops.</para>
    /// </remarks>
    /// <param name="services">The container's services.</param>
    /// <param name="configure">Sets options; null for the defaults.</param>
    /// <returns>A builder, which needs at least one sink.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> is null.</exception>
    public static IStreamUsageBuilder AddStreamUsage(this IServiceCollection services, Action<StreamUsageOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton(static provider => TrackerFactory.Create(provider, Options.Options.DefaultName));
        services.TryAddTransient(static provider => new UsageTrackingHandler(provider.GetRequiredService<UsageTracker>()));
        return Add(services, Options.Options.DefaultName, configure, static provider => provider.GetRequiredService<UsageTracker>());
    }

    /// <summary>Registers a further tracker with its own options and sinks, as a keyed singleton:
    /// <c>[FromKeyedServices("name")] UsageTracker tracker</c>.</summary>
    /// <param name="services">The container's services.</param>
    /// <param name="name">The tracker's key and the name of its options.</param>
    /// <param name="configure">Sets options; null for the defaults.</param>
    /// <returns>A builder, which needs at least one sink.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="name"/> is null or empty.</exception>
    public static IStreamUsageBuilder AddStreamUsage(
        this IServiceCollection services, string name, Action<StreamUsageOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrEmpty(name);
        services.TryAddKeyedSingleton(name, static (provider, key) => TrackerFactory.Create(provider, (string)key!));
        return Add(services, name, configure, provider => provider.GetRequiredKeyedService<UsageTracker>(name));
    }

    /// <summary>Registers a tracker with options from configuration. Keys are the property names of
    /// <see cref="StreamUsageOptions"/>; case is ignored. See
    /// <see cref="AddStreamUsage(IServiceCollection, Action{StreamUsageOptions})"/>.</summary>
    /// <remarks>
    /// <para><see cref="StreamUsageOptions.DrainAbortedStreams"/> and <see cref="StreamUsageOptions.Background"/> are
    /// sections. Setting any of their keys enables them. The section is read once; a missing section sets
    /// nothing.</para>
    /// <para>If a key is unknown or a value is invalid, the host does not start; without a host, creating the tracker
    /// fails. The message names the key. The same holds for options that only code can set:
    /// <see cref="StreamUsageOptions.Estimator"/>, <see cref="StreamUsageOptions.Pricing"/>,
    /// <see cref="StreamUsageOptions.MeterFactory"/>, <see cref="StreamUsageOptions.OnDeliveryFailed"/>,
    /// <see cref="StreamUsageOptions.ShouldTrack"/>.</para>
    /// </remarks>
    /// <param name="services">The container's services.</param>
    /// <param name="section">The section, such as <c>builder.Configuration.GetSection("StreamUsage")</c>.</param>
    /// <returns>A builder, which needs at least one sink.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static IStreamUsageBuilder AddStreamUsage(this IServiceCollection services, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        return services.AddStreamUsage(options => OptionsBinding.Bind(section, options));
    }

    /// <summary>Registers a further tracker with options from configuration; see
    /// <see cref="AddStreamUsage(IServiceCollection, IConfiguration)"/>.</summary>
    /// <param name="services">The container's services.</param>
    /// <param name="name">The tracker's key and the name of its options.</param>
    /// <param name="section">The section with its options.</param>
    /// <returns>A builder, which needs at least one sink.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="name"/> is empty.</exception>
    public static IStreamUsageBuilder AddStreamUsage(this IServiceCollection services, string name, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        return services.AddStreamUsage(name, options => OptionsBinding.Bind(section, options));
    }

    private static StreamUsageBuilder Add(
        IServiceCollection services, string name, Action<StreamUsageOptions>? configure, Func<IServiceProvider, UsageTracker> tracker)
    {
        OptionsBuilder<StreamUsageOptions> options = services.AddOptions<StreamUsageOptions>(name);
        if (configure is not null)
        {
            options.Configure(configure);
        }

        if (!services.Any(service =>
            service.ServiceType == typeof(TrackerName) && service.ImplementationInstance is TrackerName known && known.Name == name))
        {
            services.AddSingleton(new TrackerName(name));
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<StreamUsageOptions>, OptionsValidation>());
            options.ValidateOnStart();
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, SinkCheck>());
            services.AddSingleton<IHostedService>(provider => new TrackerHostedService(
                tracker(provider), provider.GetRequiredService<IOptionsMonitor<StreamUsageOptions>>().Get(name).WarmUpOnStart));
        }

        return new StreamUsageBuilder(services, name);
    }
}
