namespace StreamUsage.Http;

/// <summary>Represents what a request's path says about its answer.</summary>
/// <param name="Format">The format of the answer; Auto if the path does not tell.</param>
/// <param name="StoredAnswerId">The id of the stored answer that the request shows; null if it creates one.</param>
internal readonly record struct ModelEndpoint(ApiFormat Format, string? StoredAnswerId = null)
{
    /// <summary>Gets the endpoint of a request that only its context, or the user's own list, makes a model
    /// request.</summary>
    public static ModelEndpoint Unknown { get; } = new(ApiFormat.Auto);
}
