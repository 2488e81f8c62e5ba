using System.Text.Json.Serialization;

namespace StreamUsage;

/// <summary>What the caller says about a request. All of it is optional and comes back in <see cref="UsageRecord.Context"/>, header values redacted.</summary>
public sealed record UsageContext
{
    /// <summary>The caller's own id of the request; null where it has none.</summary>
    public string? RequestId { get; init; }

    /// <summary>The id of this attempt, where a request is tried more than once.</summary>
    public string? AttemptId { get; init; }

    /// <summary>The user to bill.</summary>
    public string? UserId { get; init; }

    /// <summary>The id (never the secret) of the key that the user called with.</summary>
    public string? ApiKeyId { get; init; }

    /// <summary>The price list's name of the provider ("anthropic", "openai", "google", …); null leaves it to the wire that is read.</summary>
    public string? Provider { get; init; }

    /// <summary>The caller's own id of the provider.</summary>
    public string? ProviderId { get; init; }

    /// <summary>The caller's own id of the provider's endpoint.</summary>
    public string? ProviderEndpointId { get; init; }

    /// <summary>The id (never the secret) of the key that the provider was called with.</summary>
    public string? ProviderApiKeyId { get; init; }

    /// <summary>
    /// The model that was asked for; <see cref="UsageRecord.ResponseModel"/> is the one that answered. If null, it is read from the top-level <c>"model"</c> of <see cref="RequestBody"/>.
    /// </summary>
    public string? Model { get; init; }

    /// <summary>The API that is called; <see cref="ApiFormat.Auto"/> leaves it to the first event.</summary>
    public ApiFormat ApiFormat { get; init; }

    /// <summary>When the request was sent. Durations are measured from here; null measures from where tracking began.</summary>
    public DateTimeOffset? RequestStartedAt { get; init; }

    /// <summary>
    /// Gets the UTF-8 JSON that was sent, for estimating input that is not reported. Must stay unchanged until
    /// <see cref="UsageTracking.Completion"/>. The tracker drops its reference as soon as the provider reports the
    /// input. Never kept in a record unless its capture is asked for.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ReadOnlyMemory<byte> RequestBody { get; init; }

    /// <summary>Headers of the request as the service received it; null where not given.</summary>
    public IReadOnlyDictionary<string, string>? RequestHeaders { get; init; }

    /// <summary>Headers of the request as it was sent to the provider; null where not given.</summary>
    public IReadOnlyDictionary<string, string>? ProviderRequestHeaders { get; init; }

    /// <summary>Anything else that belongs into the record; null where not given.</summary>
    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    /// <summary>Returns the same context with what <paramref name="other"/> says where this one says nothing.</summary>
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

    /// <summary>Nothing was said. One for all: the default of a property is made even where another value follows at once.</summary>
    internal static UsageContext Empty { get; } = new();
}
