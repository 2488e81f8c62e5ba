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

    /// <summary>Gets or sets what returns the context of a chat call; null, the default, or a null result for none. A
    /// fault is logged, and the call goes on without this context.</summary>
    /// <remarks>The context that was attached to the options (<see cref="UsageTrackingExtensions.SetUsageContext(ChatOptions,
    /// UsageContext)"/>) comes first. This one fills in what is missing there, and an open <see cref="UsageScope"/> what
    /// is missing in both.</remarks>
    public Func<ChatOptions?, UsageContext?>? GetChatContext { get; set; }

    /// <summary>Gets or sets what returns the context of an embedding call, as <see cref="GetChatContext"/> does for a
    /// chat call.</summary>
    public Func<EmbeddingGenerationOptions?, UsageContext?>? GetEmbeddingContext { get; set; }
}
