using System.Diagnostics.CodeAnalysis;
using StreamUsage.Buffers;

namespace StreamUsage.Http;

/// <summary>Represents what a request shows while it is sent: its start, its body or the body's length, and its
/// model.</summary>
[SuppressMessage("Reliability", "CA1001", Justification = "The observed content holds nothing but the request's own.")]
internal sealed class ObservedRequest
{
    private readonly UsageContext _context;
    private readonly ApiFormat _format;
    private readonly DateTimeOffset? _startedAt;
    private readonly string? _path;
    private readonly HttpContent? _content;
    private readonly ObservedContent? _observed;

    public ObservedRequest(
        HttpRequestMessage request, UsageContext context, ApiFormat format, int maxBodyBytes, BufferBudget budget, TimeProvider time)
    {
        _context = context;
        _format = format;
        _path = request.RequestUri?.AbsolutePath;
        try
        {
            _startedAt = time.GetUtcNow();
        }
        catch (Exception)
        {
            // Times are then measured from where tracking begins.
        }

        _content = request.Content;
        if (_content is not null && context.RequestBody.IsEmpty)
        {
            request.Content = _observed = new ObservedContent(_content, maxBodyBytes, budget);
        }
    }

    /// <summary>Gets whether the request asks for a transcript, which may be plain text.</summary>
    public bool AsksForTranscript => _path is { } path
        && (path.EndsWith("/audio/transcriptions", StringComparison.Ordinal)
            || path.EndsWith("/audio/translations", StringComparison.Ordinal));

    public void Restore(HttpRequestMessage request)
    {
        if (_observed is not null && ReferenceEquals(request.Content, _observed))
        {
            request.Content = _content;
        }
    }

    /// <summary>Releases the copy of the body, as there is no response.</summary>
    public void Abandon() => _observed?.Sent?.Dispose();

    /// <summary>Returns the caller's context, with missing members filled in from the request. A body that was too
    /// large has only a length. Disposing the copy releases its bytes; null if they are the caller's.</summary>
    public (UsageContext Context, long BodyLength, IDisposable? BodyCopy) Describe()
    {
        _observed?.Sent?.Stop();
        (ReadOnlyMemory<byte> body, long length, bool isWhole) =
            _observed?.Sent?.Read() ?? (_context.RequestBody, _context.RequestBody.Length, true);
        UsageContext context = _context with
        {
            ApiFormat = _context.ApiFormat == ApiFormat.Auto ? _format : _context.ApiFormat,
            Model = _context.Model ?? RequestModel.InBody(body.Span) ?? RequestModel.InPath(_path),
            RequestBody = isWhole ? body : default,
            RequestStartedAt = _context.RequestStartedAt ?? _startedAt,
        };
        long charged = isWhole || !RequestModel.IsForm(body.Span) ? length : 0; // An upload's length says nothing about its tokens.
        if (context.RequestBody.IsEmpty)
        {
            Abandon();
        }

        return (context, charged, _observed?.Sent);
    }
}
