using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using StreamUsage;
using StreamUsage.Extensions.AI;

namespace Microsoft.Extensions.AI;

/// <summary>Adds usage tracking to clients of Microsoft.Extensions.AI.</summary>
public static class UsageTrackingExtensions
{
    private const string ContextKey = "StreamUsage.UsageContext";

    /// <summary>Tracks each call of the clients inside: one record for each call, streamed or not.</summary>
    /// <remarks>
    /// <para>If the call's response is tracked below, by a <see cref="UsageTrackingHandler"/> with the same sink say,
    /// that record is the call's: it gets the call's context, and no second one is made. Else the record comes from the
    /// client's updates and its <see cref="UsageDetails"/>.</para>
    /// <para>Add it last, next to the client: then calls that <c>UseFunctionInvocation</c> makes are recorded one by
    /// one, and answers of <c>UseDistributedCache</c>, which cost nothing, are not recorded.</para>
    /// </remarks>
    /// <param name="builder">The builder of the client.</param>
    /// <param name="configure">Sets options; null for the container's tracker and no context.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    public static ChatClientBuilder UseUsageTracking(this ChatClientBuilder builder, Action<UsageTrackingOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        UsageTrackingOptions options = Create(configure);
        return builder.Use((inner, services) =>
            new TrackedChatClient(inner, FindTracker(options, services), options, FindLogger(services)));
    }

    /// <summary>Tracks each call of the embedding generators inside: see
    /// <see cref="UseUsageTracking(ChatClientBuilder, Action{UsageTrackingOptions})"/>.</summary>
    /// <typeparam name="TInput">The type of the inputs.</typeparam>
    /// <typeparam name="TEmbedding">The type of the embeddings.</typeparam>
    /// <param name="builder">The builder of the generator.</param>
    /// <param name="configure">Sets options; null for the container's tracker and no context.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    public static EmbeddingGeneratorBuilder<TInput, TEmbedding> UseUsageTracking<TInput, TEmbedding>(
        this EmbeddingGeneratorBuilder<TInput, TEmbedding> builder, Action<UsageTrackingOptions>? configure = null)
        where TEmbedding : Embedding
    {
        ArgumentNullException.ThrowIfNull(builder);
        UsageTrackingOptions options = Create(configure);
        return builder.Use((inner, services) => new TrackedEmbeddingGenerator<TInput, TEmbedding>(
            inner, FindTracker(options, services), options, FindLogger(services)));
    }

    /// <summary>Attaches a context to the calls with these options. It is removed before the options reach the
    /// client.</summary>
    /// <param name="options">The options of a call.</param>
    /// <param name="context">The context.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static void SetUsageContext(this ChatOptions options, UsageContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        (options.AdditionalProperties ??= [])[ContextKey] = context;
    }

    /// <summary>Attaches a context to the calls with these options. It is removed before the options reach the
    /// generator.</summary>
    /// <param name="options">The options of a call.</param>
    /// <param name="context">The context.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static void SetUsageContext(this EmbeddingGenerationOptions options, UsageContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        (options.AdditionalProperties ??= [])[ContextKey] = context;
    }

    /// <summary>Returns the attached context and the options without it; null if none is attached.</summary>
    internal static UsageContext? TakeContext(ref ChatOptions? options)
    {
        if (Find(options?.AdditionalProperties) is not { } context)
        {
            return null;
        }

        options = options!.Clone();
        options.AdditionalProperties!.Remove(ContextKey);
        return context;
    }

    /// <summary>Returns the attached context and the options without it; null if none is attached.</summary>
    internal static UsageContext? TakeContext(ref EmbeddingGenerationOptions? options)
    {
        if (Find(options?.AdditionalProperties) is not { } context)
        {
            return null;
        }

        options = options!.Clone();
        options.AdditionalProperties!.Remove(ContextKey);
        return context;
    }

    private static UsageContext? Find(AdditionalPropertiesDictionary? properties) =>
        properties is not null && properties.TryGetValue(ContextKey, out object? value) ? value as UsageContext : null;

    private static UsageTrackingOptions Create(Action<UsageTrackingOptions>? configure)
    {
        var options = new UsageTrackingOptions();
        configure?.Invoke(options);
        return options;
    }

    private static UsageTracker FindTracker(UsageTrackingOptions options, IServiceProvider services) =>
        options.Tracker
        ?? (options.TrackerName is { } name ? services.GetKeyedService<UsageTracker>(name) : services.GetService<UsageTracker>())
        ?? throw new InvalidOperationException(
            options.TrackerName is null
                ? "UseUsageTracking found no UsageTracker: call AddStreamUsage, or set UsageTrackingOptions.Tracker."
                : $"UseUsageTracking found no UsageTracker named '{options.TrackerName}': call AddStreamUsage with this name.");

    private static ILogger? FindLogger(IServiceProvider services) => services.GetService<ILoggerFactory>()?.CreateLogger("StreamUsage");
}
