using System.Globalization;
using System.IO.Pipelines;
using System.Net.Http.Headers;
using Microsoft.Extensions.Logging;
using StreamUsage.Diagnostics;
using StreamUsage.Framing;
using StreamUsage.Http;
using StreamUsage.Parsing;
using StreamUsage.PassThrough;
using StreamUsage.PassThrough.Sessions;
using StreamUsage.Recording;

namespace StreamUsage;

/// <summary>Begins to track responses: creates a tracked body, and the wrapper that passes bytes to it.</summary>
/// <param name="settings">The settings of the bodies.</param>
/// <param name="records">The settings of the records.</param>
/// <param name="drainer">Drains abandoned bodies; null if draining is off.</param>
/// <param name="logger">The logger; null for none.</param>
internal sealed class ResponseTracker(BodySettings settings, RecordSettings records, BodyDrainer? drainer, ILogger? logger)
{
    private int _hasLoggedTrackedTwice, _hasLoggedNoContext;

    public Stream Track(Stream stream, UsageContext context, TrackedResponse? response, out UsageTracking tracking)
    {
        BodyReadGuard guard = Begin(context, response, out tracking);
        if (CanDrain(response))
        {
            var detachable = new DetachableStream(stream, guard.Body);
            guard.Drainable = detachable;
            stream = detachable;
        }

        return new TrackedStream(stream, guard, response is { LeaveOpen: true });
    }

    public PipeReader Track(PipeReader pipe, UsageContext context, TrackedResponse? response, bool mayDrain, out UsageTracking tracking)
    {
        BodyReadGuard guard = Begin(context, response, out tracking);
        bool canDrain = mayDrain && CanDrain(response);
        var reader = new TrackedPipeReader(pipe, guard, response is { LeaveOpen: true }, canDrain);
        guard.Drainable = canDrain ? reader : null;
        return reader;
    }

    /// <summary>Replaces a response's content. A response that is already tracked into the same sinks keeps its handle,
    /// and the empty members of its context are filled in.</summary>
    /// <exception cref="ObjectDisposedException">The response is disposed, and not tracked into the same
    /// sinks.</exception>
    public UsageTracking Track(HttpResponseMessage response, UsageContext context, in SentRequest request)
    {
        UsageTracking? latest = TrackingHandles.Find(response);
        for (UsageTracking? earlier = latest; earlier is not null; earlier = earlier.Earlier)
        {
            TrackedBody tracked = earlier.Body!;
            bool isSameTracker = ReferenceEquals(tracked.Settings, settings);
            if (isSameTracker || tracked.Settings.HasSinksOf(settings))
            {
                tracked.FillIn(context, request.BodyLength, request.BodyCopy);
                if (!isSameTracker)
                {
                    LogOnce(ref _hasLoggedTrackedTwice, log => Log.TrackedTwice(log, tracked.Id));
                }

                return earlier;
            }
        }

        HttpContent content = response.Content;
        ThrowIfDisposed(response, content, request.BodyCopy);
        IReadOnlyDictionary<string, string>? headers = records.CapturesHeaders ? records.Redaction.Capture(response) : null;
        KnownAnswer? known = KnownAnswer.Find(
            Header(content, "Content-Type"), asksForTranscript: request.AsksForTranscript && response.IsSuccessStatusCode);
        var body = new TrackedBody(
            settings, context, (int)response.StatusCode, ContentLength(content), Header(content, "Content-Encoding"), headers, known)
        {
            RequestUri = AbsoluteUri(response.RequestMessage?.RequestUri),

            // The handler passes the id of a fetched answer. A caller of TrackUsage does not: then the request tells.
            IsFetch = request.StoredAnswerId is null
                && response.RequestMessage is { Method.Method: "GET" } get && ModelEndpoints.Find(get) is not null,
            RequestBodyLength = request.BodyLength,
            RequestBodyCopy = request.BodyCopy,
            StoredAnswerId = request.StoredAnswerId,
        };
        var tracking = new UsageTracking(body) { Earlier = latest };
        response.Content = new TrackedContent(content, body, tracking, drainer);
        TrackingHandles.Add(response, tracking);
        Begin(body);
        return tracking;
    }

    /// <summary>Tracks a response without a body: the wrapper of a client passes the client's objects on.</summary>
    /// <param name="context">The context of the request.</param>
    /// <param name="parser">Reads the objects as JSON.</param>
    /// <param name="isStreamed">Whether the response comes in parts.</param>
    /// <param name="httpStatusCode">The HTTP status; null if the client did not report it.</param>
    public ClientResponse TrackClient(UsageContext context, IUsageParser parser, bool isStreamed, int? httpStatusCode)
    {
        UsageScope.NoteTracked(settings);
        return new ClientResponse(settings, context, parser, isStreamed, httpStatusCode);
    }

    public UsageTracking RecordNoResponse(UsageContext context, in SentRequest request, Exception? exception, bool requestWasSent)
    {
        TrackedBody body = Create(context, response: null, request);
        Begin(body);
        body.FinishWithoutResponse(exception, requestWasSent);
        return new UsageTracking(body);
    }

    /// <summary>Logs, once, that a response was tracked without a context.</summary>
    public void LogNoContext(string? host) => LogOnce(ref _hasLoggedNoContext, log => Log.NoContext(log, LogText.Escape(host)));

    private bool CanDrain(TrackedResponse? response) => drainer is not null && response is not { LeaveOpen: true };

    private BodyReadGuard Begin(UsageContext context, TrackedResponse? response, out UsageTracking tracking)
    {
        TrackedBody body = Create(context, response, new SentRequest(context.RequestBody.Length));
        Begin(body);
        tracking = new UsageTracking(body);
        return new BodyReadGuard(body, drainer);
    }

    private TrackedBody Create(UsageContext context, TrackedResponse? response, in SentRequest request)
    {
        IReadOnlyDictionary<string, string>? headers = records.CapturesHeaders ? records.Redaction.Redact(response?.Headers) : null;
        KnownAnswer? known = KnownAnswer.Find(response?.ContentType, asksForTranscript: false);
        return new TrackedBody(settings, context, response?.StatusCode, null, response?.ContentEncoding, headers, known)
        {
            RequestUri = AbsoluteUri(response?.RequestUri),
            RequestBodyLength = request.BodyLength,
            RequestBodyCopy = request.BodyCopy,
        };
    }

    private static void Begin(TrackedBody body)
    {
        UsageScope.NoteTracked(body.Settings);
        body.Begin();
    }

    private void LogOnce(ref int hasLogged, Action<ILogger> log)
    {
        if (logger is null || Interlocked.Exchange(ref hasLogged, 1) != 0)
        {
            return;
        }

        try
        {
            log(logger);
        }
        catch (Exception)
        {
            // A faulty logger must not affect the caller.
        }
    }

    // Only the setter checks it. Once there is a tracked body, its record could not be prevented.
    private static void ThrowIfDisposed(HttpResponseMessage response, HttpContent content, IDisposable? requestBodyCopy)
    {
        try
        {
            response.Content = content;
        }
        catch (ObjectDisposedException)
        {
            requestBodyCopy?.Dispose();
            throw;
        }
    }

    private static Uri? AbsoluteUri(Uri? uri) => uri is { IsAbsoluteUri: true } ? uri : null;

    // Reads the header only: asking the content would make some contents compute their length.
    private static long? ContentLength(HttpContent content) =>
        long.TryParse(Header(content, "Content-Length"), NumberStyles.None, CultureInfo.InvariantCulture, out long length) ? length : null;

    // Null if missing: a handler that decodes bodies removes Content-Encoding.
    private static string? Header(HttpContent content, string name) =>
        content.Headers.NonValidated.TryGetValues(name, out HeaderStringValues values) ? values.ToString() : null;
}
