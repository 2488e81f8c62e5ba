using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using StreamUsage;
using StreamUsage.Extensions.AI;

namespace Microsoft.Extensions.AI;

/// <summary>Adds usage tracking to clients of Microsoft.Extensions.AI.</summary>
public static class UsageTrackingExtensions
{
    private const string ContextKey = "StreamUsage.UsageContext";

    /// <summary>Tracks the calls of the inner client: one record for each call, streamed or not.</summary>
    /// <remarks>
    /// <para>The record comes from the client's updates and its <see cref="UsageDetails"/>. If a
    /// <see cref="UsageTrackingHandler"/> with the same sink tracks the call's response, its record is the only one,
    /// and gets the call's context.</para>
    /// <para>Add it last, next to the client. Then each call that <c>UseFunctionInvocation</c> makes has a record, and
    /// cached answers of <c>UseDistributedCache</c>, which cost nothing, have none.</para>
    /// <para>Building the client throws an <see cref="InvalidOperationException"/> if the options and the container
    /// have no tracker.</para>
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

    /// <summary>Tracks the calls of the inner embedding generator: see
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

    /// <summary>Attaches a context to calls with these options, in place of an earlier one. It is removed before the
    /// options reach the client.</summary>
    /// <param name="options">The options of a call.</param>
    /// <param name="context">The context.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static void SetUsageContext(this ChatOptions options, UsageContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        (options.AdditionalProperties ??= [])[ContextKey] = context;
    }

    /// <summary>Attaches a context to calls with these options, in place of an earlier one. It is removed before the
    /// options reach the generator.</summary>
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
