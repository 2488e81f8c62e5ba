using System.Collections.Concurrent;

namespace StreamUsage.Http;

/// <summary>Represents what the handlers of one tracker share: their options, and the servers that reject
/// <c>stream_options.include_usage</c>.</summary>
internal sealed class RequestSettings
{
    private const int MaxServers = 256;

    private readonly ConcurrentDictionary<string, bool> _serversWithoutUsage = new(StringComparer.OrdinalIgnoreCase);

    public Func<HttpRequestMessage, bool>? ShouldTrack { get; init; }

    public bool RecordsFailures { get; init; }

    public bool WarnsWithoutContext { get; init; }

    public bool AsksForUsage { get; init; }

    public static RequestSettings Of(StreamUsageOptions options) => new()
    {
        ShouldTrack = options.ShouldTrack,
        RecordsFailures = options.RecordFailedRequests,
        WarnsWithoutContext = options.WarnWithoutContext,
        AsksForUsage = options.RequestStreamUsage,
    };

    public bool MayAskForUsage(Uri uri) => AsksForUsage && !_serversWithoutUsage.ContainsKey(ServerOf(uri));

    /// <summary>Remembers a server that rejected the field, so that it is not asked again.</summary>
    public void RememberRejection(Uri uri)
    {
        if (_serversWithoutUsage.Count >= MaxServers)
        {
            _serversWithoutUsage.Clear(); // Each is asked once more.
        }

        _serversWithoutUsage[ServerOf(uri)] = true;
    }

    private static string ServerOf(Uri uri) => uri.GetComponents(UriComponents.SchemeAndServer | UriComponents.Port, UriFormat.Unescaped);
}
