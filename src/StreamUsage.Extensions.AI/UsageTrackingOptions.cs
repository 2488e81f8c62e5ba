using Microsoft.Extensions.AI;

namespace StreamUsage.Extensions.AI;

/// <summary>Specifies how <see cref="UsageTrackingExtensions"/> track a client.</summary>
public sealed class UsageTrackingOptions
{
    /// <summary>Gets or sets the tracker; null (the default) takes it from the container (see
    /// <see cref="TrackerName"/>).</summary>
    public UsageTracker? Tracker { get; set; }

    /// <summary>Gets or sets the name of the container's tracker; null (the default) takes the one without a
    /// name.</summary>
    public string? TrackerName { get; set; }

    /// <summary>Gets or sets the function that returns the context of a chat call, or null for none. Null (the default)
    /// means no function. If it throws, the fault is logged and the call continues without this context.</summary>
    /// <remarks>A context that is attached to the options takes precedence. This one fills in its missing members. An
    /// open <see cref="UsageScope"/> fills in those that both leave out.</remarks>
    public Func<ChatOptions?, UsageContext?>? GetChatContext { get; set; }

    /// <summary>Gets or sets the function that returns the context of an embedding call; see
    /// <see cref="GetChatContext"/>.</summary>
    public Func<EmbeddingGenerationOptions?, UsageContext?>? GetEmbeddingContext { get; set; }
}
