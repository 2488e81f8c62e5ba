using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using StreamUsage;
using StreamUsage.DependencyInjection;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds StreamUsage to a container.</summary>
public static class StreamUsageServiceCollectionExtensions
{
    /// <summary>Registers a <see cref="UsageTracker"/> as a singleton, and <see cref="UsageTrackingHandler"/> as a
    /// transient. Logging, <see cref="TimeProvider"/> and the meter factory are the container's, where it has them, and
    /// so are the estimator (<see cref="StreamUsage.Estimation.ITokenEstimator"/>) and the pricing
    /// (<see cref="StreamUsage.Pricing.IUsagePricing"/>) where the options name none; every
    /// <see cref="StreamUsage.Parsing.IUsageParser"/> that is registered is asked after those in the options, under the
    /// format that its wire names. All of them are resolved once, as singletons. Where there is a host, the options are
    /// validated when it starts, and its stop waits for open responses and for records on their way. Called again, it
    /// goes on with the same tracker.</summary>
    /// <param name="services">The container's services.</param>
    /// <param name="configure">Sets options; null for the defaults.</param>
    /// <returns>A builder, which needs at least one sink.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> is null.</exception>
    public static IStreamUsageBuilder AddStreamUsage(this IServiceCollection services, Action<StreamUsageOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton(static provider => TrackerFactory.Create(provider, Options.Options.DefaultName));
        services.TryAddTransient<UsageTrackingHandler>();
        return Add(services, Options.Options.DefaultName, configure, static provider => provider.GetRequiredService<UsageTracker>());
    }

    /// <summary>Registers one more tracker, with options and sinks of its own, as a keyed singleton:
    /// <c>[FromKeyedServices("name")] UsageTracker tracker</c>. What the container has serves it too.</summary>
    /// <param name="services">The container's services.</param>
    /// <param name="name">The tracker's key, and the name of its options.</param>
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

    /// <summary>Registers a tracker whose options are bound from configuration, as
    /// <see cref="AddStreamUsage(IServiceCollection, Action{StreamUsageOptions})"/> does with code. Keys are the names
    /// of the properties of <see cref="StreamUsageOptions"/>, without regard to case;
    /// <see cref="StreamUsageOptions.DrainAbortedStreams"/> and <see cref="StreamUsageOptions.Background"/> are
    /// sections, and on as soon as one of their keys is set. The section is read when the tracker is made, and not
    /// again when it changes.</summary>
    /// <remarks>A host does not start, and without one the tracker is not made, if the section has a value that cannot
    /// be converted or is out of its range, a key that is no option, or an option that only code can set
    /// (<see cref="StreamUsageOptions.Estimator"/>, <see cref="StreamUsageOptions.Pricing"/>,
    /// <see cref="StreamUsageOptions.MeterFactory"/>, <see cref="StreamUsageOptions.OnDeliveryFailed"/>). The message
    /// names it. A section that is missing sets nothing.</remarks>
    /// <param name="services">The container's services.</param>
    /// <param name="section">The section, such as <c>builder.Configuration.GetSection("StreamUsage")</c>.</param>
    /// <returns>A builder, which needs at least one sink.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static IStreamUsageBuilder AddStreamUsage(this IServiceCollection services, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        return services.AddStreamUsage(options => OptionsBinding.Bind(section, options));
    }

    /// <summary>Registers one more tracker whose options are bound from configuration; see
    /// <see cref="AddStreamUsage(IServiceCollection, IConfiguration)"/>.</summary>
    /// <param name="services">The container's services.</param>
    /// <param name="name">The tracker's key, and the name of its options.</param>
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
