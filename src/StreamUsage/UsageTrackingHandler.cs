using StreamUsage.Http;
using StreamUsage.Http.IncludeUsage;

namespace StreamUsage;

/// <summary>Tracks the model responses of an <see cref="HttpClient"/>: requests to known model API paths, and requests
/// with a context. Finds a missing format, model, request body and start in the request. Request and response bytes
/// stay the same, unless <see cref="StreamUsageOptions.RequestStreamUsage"/> is set. Faults here never reach the
/// caller.</summary>
/// <remarks>
/// <para>Use <c>AddHttpClient(…).AddUsageTracking()</c>, or <c>new HttpClient(new UsageTrackingHandler(tracker))</c>,
/// which creates its own inner handler. A request body is kept up to
/// <see cref="StreamUsageOptions.MaxRequestBodyBytes"/>; of a larger one only the model and the length are used.</para>
/// <para>Each call of the handler is one attempt with one record. An attempt without a
/// <see cref="UsageContext.AttemptId"/> gets one. A handler outside that sends a request again gets a record for each
/// attempt; one inside gets a record for the call.</para>
/// <para>A stored answer that is fetched by its id (Responses, Gemini Interactions) was billed when it was created. A
/// background answer is billed once, by the first fetch that shows its end. Other fetches make no record.</para>
/// </remarks>
public sealed class UsageTrackingHandler : DelegatingHandler
{
    private readonly UsageTracker _tracker;
    private readonly object _gate = new();

    /// <summary>Creates a handler.</summary>
    /// <param name="tracker">The tracker of the responses.</param>
    /// <exception cref="ArgumentNullException"><paramref name="tracker"/> is null.</exception>
    public UsageTrackingHandler(UsageTracker tracker)
    {
        ArgumentNullException.ThrowIfNull(tracker);
        _tracker = tracker;
    }

    /// <summary>Creates a handler with an inner handler.</summary>
    /// <param name="tracker">The tracker of the responses.</param>
    /// <param name="innerHandler">Sends the requests. It is disposed with this handler.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public UsageTrackingHandler(UsageTracker tracker, HttpMessageHandler innerHandler)
        : this(tracker)
    {
        ArgumentNullException.ThrowIfNull(innerHandler);
        InnerHandler = innerHandler;
    }

    /// <summary>Returns whether a request asks a known model path, or fetches a stored answer: the requests that are
    /// tracked if <see cref="StreamUsageOptions.ShouldTrack"/> is null.</summary>
    /// <param name="request">The request.</param>
    /// <returns>False also without an absolute URI.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="request"/> is null.</exception>
    public static bool IsModelRequest(HttpRequestMessage request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return ModelEndpoints.Find(request) is not null;
    }

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        EnsureInnerHandler();
        if (Observe(request) is not { } observed)
        {
            return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }

        HttpResponseMessage response;
        Uri? asked = null;
        try
        {
            if (MayAskForUsage(request, out Uri? server)
                && await UsageRequest.CreateAsync(request, observed.Content, MaxBodyBytes, cancellationToken).ConfigureAwait(false)
                    is { } asking)
            {
                observed.Observe(request, asking);
                asked = server;
            }

            response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
            if (asked is not null && await UsageRequest.IsRejectedAsync(response, cancellationToken).ConfigureAwait(false))
            {
                SendUnchanged(request, observed, response, ref asked);
                response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception fault)
        {
            Fail(request, observed, fault);
            throw;
        }
        finally
        {
            observed.Restore(request);
        }

        return Track(response, observed, asked is not null);
    }

    /// <inheritdoc/>
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        EnsureInnerHandler();
        if (Observe(request) is not { } observed)
        {
            return base.Send(request, cancellationToken);
        }

        HttpResponseMessage response;
        Uri? asked = null;
        try
        {
            if (MayAskForUsage(request, out Uri? server)
                && UsageRequest.Create(request, observed.Content, MaxBodyBytes, cancellationToken) is { } asking)
            {
                observed.Observe(request, asking);
                asked = server;
            }

            response = base.Send(request, cancellationToken);
            if (asked is not null && UsageRequest.IsRejected(response, cancellationToken))
            {
                SendUnchanged(request, observed, response, ref asked);
                response = base.Send(request, cancellationToken);
            }
        }
        catch (Exception fault)
        {
            Fail(request, observed, fault);
            throw;
        }
        finally
        {
            observed.Restore(request);
        }

        return Track(response, observed, asked is not null);
    }

    private int MaxBodyBytes => _tracker.Settings.MaxRequestBodyBytes;

    private ObservedRequest? Observe(HttpRequestMessage request)
    {
        UsageContext? own = request.FindUsageContext();
        ModelEndpoint? endpoint = ModelEndpoints.Find(request);
        if (own is null && !ShouldTrack(request, endpoint is not null))
        {
            return null;
        }

        UsageContext? context = own ?? UsageScope.Current;
        if (context is null && _tracker.Requests.WarnsWithoutContext)
        {
            _tracker.LogNoContext(request.RequestUri is { IsAbsoluteUri: true } uri ? uri.Host : null);
        }

        return new ObservedRequest(
            request,
            context ?? UsageContext.Empty,
            endpoint ?? ModelEndpoint.Unknown,
            MaxBodyBytes,
            _tracker.Budget,
            _tracker.Time);
    }

    private bool ShouldTrack(HttpRequestMessage request, bool isKnown)
    {
        try
        {
            return _tracker.Requests.ShouldTrack?.Invoke(request) ?? isKnown;
        }
        catch (Exception)
        {
            return isKnown; // The user's function must not fail the request.
        }
    }

    private bool MayAskForUsage(HttpRequestMessage request, out Uri? server)
    {
        server = request.RequestUri;
        return server is not null && ModelEndpoints.IsChat(request) && _tracker.Requests.MayAskForUsage(server);
    }

    // The server rejected the request for usage. It is not asked again.
    private void SendUnchanged(HttpRequestMessage request, ObservedRequest observed, HttpResponseMessage rejection, ref Uri? asked)
    {
        _tracker.Requests.Reject(asked!);
        asked = null;
        rejection.Dispose();
        observed.Observe(request, observed.Content!);
    }

    // The usage chunk is tracked before it is removed.
    private HttpResponseMessage Track(HttpResponseMessage response, ObservedRequest observed, bool hasAsked)
    {
        (UsageContext context, SentRequest sent) = observed.Describe();
        response.TrackUsage(_tracker, context, sent);
        if (hasAsked)
        {
            UsageRequest.HideUsage(response, _tracker.Bodies.Reading.MaxEventBytes);
        }

        return response;
    }

    private void Fail(HttpRequestMessage request, ObservedRequest observed, Exception fault)
    {
        if (!_tracker.Requests.RecordsFailures || observed.ShowsStoredAnswer
            || !RequestAttempts.Of(request).TryRecord(fault, _tracker.Bodies.Sinks))
        {
            observed.Abandon();
            return;
        }

        (UsageContext context, SentRequest sent) = observed.Describe();
        _tracker.RecordNoResponse(context, sent, fault, observed.WasSent(fault));
    }

    // Client factories set the inner handler themselves, so one is created only if the first request finds none.
    private void EnsureInnerHandler()
    {
        if (InnerHandler is null)
        {
            lock (_gate)
            {
                InnerHandler ??= new HttpClientHandler();
            }
        }
    }
}
