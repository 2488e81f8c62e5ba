using System.Text.Json.Serialization;

namespace StreamUsage;

/// <summary>Represents the caller's facts about a request, all optional. See
/// <see cref="UsageRecord.Context"/>.</summary>
/// <remarks>Headers and tags are copied when tracking begins; the request body is not.</remarks>
public sealed record UsageContext
{
    /// <summary>Gets the caller's id of the request; null if none.</summary>
    public string? RequestId { get; init; }

    /// <summary>Gets the id of this attempt, if a request is tried more than once; null if none.</summary>
    public string? AttemptId { get; init; }

    /// <summary>Gets the id of the user to bill; null if none.</summary>
    public string? UserId { get; init; }

    /// <summary>Gets the id (never the secret) of the user's API key; null if none.</summary>
    public string? ApiKeyId { get; init; }

    /// <summary>Gets the provider's name in the price list ("anthropic", "openai", "google", …); null if left to
    /// detection.</summary>
    public string? Provider { get; init; }

    /// <summary>Gets the caller's id of the provider; null if none.</summary>
    public string? ProviderId { get; init; }

    /// <summary>Gets the caller's id of the provider's endpoint; null if none.</summary>
    public string? ProviderEndpointId { get; init; }

    /// <summary>Gets the id (never the secret) of the provider's API key; null if none.</summary>
    public string? ProviderApiKeyId { get; init; }

    /// <summary>Gets the requested model; null reads the top-level <c>"model"</c> of <see cref="RequestBody"/>. See
    /// also <see cref="UsageRecord.ResponseModel"/>.</summary>
    public string? Model { get; init; }

    /// <summary>Gets the called API; <see cref="ApiFormat.Auto"/> detects it from the first event.</summary>
    public ApiFormat ApiFormat { get; init; }

    /// <summary>Gets when the request was sent, the start of all durations; null means when tracking began. Ignored by
    /// <see cref="UsageTracker.TrackMessages"/>, whose responses start on their own.</summary>
    public DateTimeOffset? RequestStartedAt { get; init; }

    /// <summary>Gets the request's UTF-8 JSON, for estimating unreported input. It must not change before
    /// <see cref="UsageTracking.Completion"/>. The tracker releases it once the provider reports the input, and keeps
    /// it in the record only if asked to capture it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ReadOnlyMemory<byte> RequestBody { get; init; }

    /// <summary>Gets the headers of the request that the caller's own service received; null if not given.</summary>
    public IReadOnlyDictionary<string, string>? RequestHeaders { get; init; }

    /// <summary>Gets the headers of the request that was sent to the provider; null if not given.</summary>
    public IReadOnlyDictionary<string, string>? ProviderRequestHeaders { get; init; }

    /// <summary>Gets further data for the record; null if not given.</summary>
    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    /// <summary>Returns the context with the members of <paramref name="other"/> where this one has none.</summary>
    internal UsageContext FillIn(UsageContext other) => this with
    {
        RequestId = RequestId ?? other.RequestId,
        AttemptId = AttemptId ?? other.AttemptId,
        UserId = UserId ?? other.UserId,
        ApiKeyId = ApiKeyId ?? other.ApiKeyId,
        Provider = Provider ?? other.Provider,
        ProviderId = ProviderId ?? other.ProviderId,
        ProviderEndpointId = ProviderEndpointId ?? other.ProviderEndpointId,
        ProviderApiKeyId = ProviderApiKeyId ?? other.ProviderApiKeyId,
        Model = Model ?? other.Model,
        ApiFormat = ApiFormat == ApiFormat.Auto ? other.ApiFormat : ApiFormat,
        RequestStartedAt = RequestStartedAt ?? other.RequestStartedAt,
        RequestBody = RequestBody.IsEmpty ? other.RequestBody : RequestBody,
        RequestHeaders = RequestHeaders ?? other.RequestHeaders,
        ProviderRequestHeaders = ProviderRequestHeaders ?? other.ProviderRequestHeaders,
        Tags = Tags ?? other.Tags,
    };

    // Shared, because a property's default is created even if an initializer replaces it.
    internal static UsageContext Empty { get; } = new();
}
