namespace StreamUsage;

/// <summary>Represents the known facts about a body that is tracked without an
/// <see cref="HttpResponseMessage"/>.</summary>
public sealed record TrackedResponse
{
    /// <summary>Gets the HTTP status; null if there was no HTTP. A complete answer then has the status 200.</summary>
    public int? StatusCode { get; init; }

    /// <summary>Gets the media type; null if unknown.</summary>
    public string? ContentType { get; init; }

    /// <summary>Gets the Content-Encoding (<c>"gzip"</c>, <c>"br"</c>, …); null if none. A decoded copy of the body is
    /// tracked.</summary>
    public string? ContentEncoding { get; init; }

    /// <summary>Gets the response headers, which are redacted before they are kept; null if unknown.</summary>
    public IReadOnlyDictionary<string, string>? Headers { get; init; }

    /// <summary>Gets where the request was sent; null if unknown. Its host and port are attributes of spans and
    /// metrics, and the host can tell the provider.</summary>
    public Uri? RequestUri { get; init; }

    /// <summary>Gets whether the body stays open when the wrapper is disposed or completed.</summary>
    public bool LeaveOpen { get; init; }
}
