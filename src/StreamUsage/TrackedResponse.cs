namespace StreamUsage;

/// <summary>What is known of a response whose body is tracked on its own, without an <see cref="HttpResponseMessage"/>.</summary>
public sealed record TrackedResponse
{
    /// <summary>The HTTP status; null where there was no HTTP.</summary>
    public int? StatusCode { get; init; }

    /// <summary>The media type; null where not known.</summary>
    public string? ContentType { get; init; }

    /// <summary>The Content-Encoding header's value (<c>"gzip"</c>, <c>"br"</c>, …); null where the body is not encoded. The body passes as it is; a decoded copy is accounted.</summary>
    public string? ContentEncoding { get; init; }

    /// <summary>The response's headers, redacted before they are kept; null where not known.</summary>
    public IReadOnlyDictionary<string, string>? Headers { get; init; }

    /// <summary>Whether the body stays open when the wrapper is disposed or completed.</summary>
    public bool LeaveOpen { get; init; }
}
