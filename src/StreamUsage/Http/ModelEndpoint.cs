namespace StreamUsage.Http;

/// <summary>Represents the facts about an answer that the request's path implies.</summary>
/// <param name="Format">The format of the answer; Auto if the path implies none.</param>
/// <param name="StoredAnswerId">The id of the stored answer that the request fetches or cancels; null if it creates an
/// answer.</param>
internal readonly record struct ModelEndpoint(ApiFormat Format, string? StoredAnswerId = null)
{
    /// <summary>Gets the endpoint of a request to an unknown path, which the caller asked to track: by a context of its
    /// own, or by <see cref="StreamUsageOptions.ShouldTrack"/>.</summary>
    public static ModelEndpoint Unknown { get; } = new(ApiFormat.Auto);
}
