using Microsoft.Extensions.AI;

namespace StreamUsage.Extensions.AI;

/// <summary>Represents the options of <see cref="UsageTrackingExtensions"/>.</summary>
public sealed class UsageTrackingOptions
{
    /// <summary>Gets or sets the tracker; null, the default, takes it from the container (see
    /// <see cref="TrackerName"/>).</summary>
    public UsageTracker? Tracker { get; set; }

    /// <summary>Gets or sets the name of the container's tracker; null, the default, takes the one without a
    /// name.</summary>
    public string? TrackerName { get; set; }

    /// <summary>Gets or sets a function that returns the context of a chat call, or null for none; null, the default,
    /// for no function. If it throws, that is logged, and the call continues without this context.</summary>
    /// <remarks>The context that is attached to the options comes first. This one fills in its missing members, and an
    /// open <see cref="UsageScope"/> those that both leave out.</remarks>
    public Func<ChatOptions?, UsageContext?>? GetChatContext { get; set; }

    /// <summary>Gets or sets a function that returns the context of an embedding call, like
    /// <see cref="GetChatContext"/>.</summary>
    public Func<EmbeddingGenerationOptions?, UsageContext?>? GetEmbeddingContext { get; set; }
}
