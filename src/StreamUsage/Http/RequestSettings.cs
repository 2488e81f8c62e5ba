using System.Collections.Concurrent;

namespace StreamUsage.Http;

/// <summary>Represents what the handlers of one tracker share: their options, and the servers that reject a request
/// for usage.</summary>
internal sealed class RequestSettings
{
    private const int MaxServers = 256;

    private readonly ConcurrentDictionary<string, bool> _rejecting = new(StringComparer.OrdinalIgnoreCase);

    public Func<HttpRequestMessage, bool>? ShouldTrack { get; init; }

    public bool RecordsFailures { get; init; }

    public bool WarnsWithoutContext { get; init; }

    public bool RequestsStreamUsage { get; init; }

    public static RequestSettings Of(StreamUsageOptions options) => new()
    {
        ShouldTrack = options.ShouldTrack,
        RecordsFailures = options.RecordFailedRequests,
        WarnsWithoutContext = options.WarnWithoutContext,
        RequestsStreamUsage = options.RequestStreamUsage,
    };

    public bool MayAskForUsage(Uri uri) => RequestsStreamUsage && !_rejecting.ContainsKey(ServerOf(uri));

    /// <summary>Remembers a server that rejects a request for usage.</summary>
    public void Reject(Uri uri)
    {
        if (_rejecting.Count >= MaxServers)
        {
            _rejecting.Clear(); // Each is asked once more.
        }

        _rejecting[ServerOf(uri)] = true;
    }

    private static string ServerOf(Uri uri) => uri.GetComponents(UriComponents.SchemeAndServer | UriComponents.Port, UriFormat.Unescaped);
}
