using System.Diagnostics.CodeAnalysis;
using StreamUsage.Buffers;

namespace StreamUsage.Http;

/// <summary>Represents the facts about a request that are seen while it is sent: its start, its body or the body's
/// length, and its model.</summary>
[SuppressMessage("Reliability", "CA1001", Justification = "The record, or Abandon, releases the copy of the body.")]
internal sealed class ObservedRequest
{
    private readonly UsageContext _context;
    private readonly ModelEndpoint _endpoint;
    private readonly DateTimeOffset _startedAt;
    private readonly string? _path;
    private readonly int _maxBodyBytes;
    private readonly BufferBudget _budget;
    private ObservedContent? _observed;

    public ObservedRequest(
        HttpRequestMessage request, UsageContext context, ModelEndpoint endpoint, int maxBodyBytes, BufferBudget budget, TimeProvider time)
    {
        string attemptId = RequestAttempts.Of(request).Begin();
        _context = context.AttemptId is null ? context with { AttemptId = attemptId } : context;
        _endpoint = endpoint;
        _path = request.RequestUri is { IsAbsoluteUri: true } uri ? uri.AbsolutePath : null;
        _startedAt = time.GetUtcNow();

        // A body that the caller has given is not copied again. Its sending is still observed.
        _maxBodyBytes = context.RequestBody.IsEmpty ? maxBodyBytes : 0;
        _budget = budget;
        Content = request.Content;
        if (Content is not null)
        {
            Observe(request, Content);
        }
    }

    /// <summary>Gets the caller's content; null if none.</summary>
    public HttpContent? Content { get; }

    /// <summary>Gets whether the request fetches or cancels a stored answer. Such an answer was billed when it was
    /// created, or its first complete fetch bills it.</summary>
    public bool FetchesStoredAnswer => _endpoint.StoredAnswerId is not null;

    private bool AsksForTranscript => _path is { } path
        && (path.EndsWith("/audio/transcriptions", StringComparison.Ordinal)
            || path.EndsWith("/audio/translations", StringComparison.Ordinal));

    /// <summary>Observes the sending of a content, in place of the one before.</summary>
    public void Observe(HttpRequestMessage request, HttpContent content)
    {
        Abandon();
        request.Content = _observed = new ObservedContent(content, _maxBodyBytes, _budget);
    }

    /// <summary>Gives the request its own content back, unless another handler replaced it.</summary>
    public void Restore(HttpRequestMessage request)
    {
        if (_observed is not null && ReferenceEquals(request.Content, _observed))
        {
            request.Content = Content;
        }
    }

    /// <summary>Releases the copy of the body, which no record needs.</summary>
    public void Abandon() => _observed?.Sent?.Dispose();

    /// <summary>Returns whether the whole request was sent before it failed.</summary>
    /// <param name="fault">The failure. After a connection failure nothing was sent: a handler inside only buffered the
    /// body.</param>
    /// <returns>True also for a request without a body.</returns>
    public bool WasSent(Exception fault) => _observed?.WasSent != false && fault is not HttpRequestException
    {
        HttpRequestError: HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError
            or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError
    };

    /// <summary>Returns the caller's context, with missing members filled in from the request. A body that was too
    /// large has only a length.</summary>
    public (UsageContext Context, SentRequest Request) Describe()
    {
        _observed?.Sent?.Stop();
        (ReadOnlyMemory<byte> body, long length, bool isWhole) = !_context.RequestBody.IsEmpty
            ? (_context.RequestBody, _context.RequestBody.Length, true) : _observed?.Sent?.Read() ?? (default, 0, true);
        UsageContext context = _context with
        {
            ApiFormat = _context.ApiFormat == ApiFormat.Auto ? _endpoint.Format : _context.ApiFormat,
            Model = _context.Model ?? FindModel(body) ?? RequestModel.InPath(_path),
            RequestBody = isWhole ? body : default,
            RequestStartedAt = _context.RequestStartedAt ?? _startedAt,
        };
        // The length of an upload says nothing about its tokens.
        long estimationLength = isWhole || !RequestModel.IsForm(body.Span) ? length : 0;
        if (context.RequestBody.IsEmpty)
        {
            Abandon();
        }

        return (context, new SentRequest(estimationLength, _observed?.Sent, AsksForTranscript, _endpoint.StoredAnswerId));
    }

    private static string? FindModel(ReadOnlyMemory<byte> body)
    {
        try
        {
            return RequestModel.InBody(body.Span);
        }
        catch (Exception)
        {
            return null; // The caller has released the memory.
        }
    }
}
