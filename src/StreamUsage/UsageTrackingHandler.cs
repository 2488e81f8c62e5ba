using StreamUsage.Http;
using StreamUsage.Http.IncludeUsage;

namespace StreamUsage;

/// <summary>Tracks the model responses of an <see cref="HttpClient"/>: of requests to known model API paths, and of
/// requests with a context of their own (<see cref="UsageScope.SetUsageContext"/>). Takes the format, model, body and
/// start time from the request if the context has none. The bytes of requests and responses stay the same unless
/// <see cref="StreamUsageOptions.RequestStreamUsage"/> is set.</summary>
/// <remarks>
/// <para>Use <c>AddHttpClient(…).AddUsageTracking()</c>, or <c>new HttpClient(new UsageTrackingHandler(tracker))</c>,
/// which creates its own inner handler. A request body is kept up to
/// <see cref="StreamUsageOptions.MaxRequestBodyBytes"/>; of a larger one only the model and the length are used.</para>
/// <para>Each call of the handler is one attempt with one record. An attempt without a
/// <see cref="UsageContext.AttemptId"/> gets one. With a retry handler outside this one, each attempt has a record.
/// With a retry handler inside, the call has one record.</para>
/// <para>A stored answer that is fetched by its id (Responses, Gemini Interactions) was billed when it was created. A
/// background response is billed once, by the first fetch that returns its end. Other fetches make no record.</para>
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

    /// <summary>Returns whether a request is to a known model path, or fetches a stored answer. These requests are
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
        bool asksForUsage;
        try
        {
            HttpContent? edited = MayAskForUsage(request, out Uri? server)
                ? await IncludeUsageRequest.CreateAsync(request, observed.Content, MaxBodyBytes, cancellationToken).ConfigureAwait(false)
                : null;
            asksForUsage = TrySubstitute(request, observed, edited);
            response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
            if (asksForUsage && await IncludeUsageResponse.ReadRejectionAsync(response, cancellationToken).ConfigureAwait(false))
            {
                asksForUsage = false;
                PrepareUnchanged(request, observed, response);
                response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
                RememberRejection(server!, response);
            }
        }
        catch (Exception fault)
        {
            RecordFailureOrAbandon(request, observed, fault);
            throw;
        }
        finally
        {
            observed.Restore(request);
        }

        return Track(response, observed, asksForUsage);
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
        bool asksForUsage;
        try
        {
            HttpContent? edited = MayAskForUsage(request, out Uri? server)
                ? IncludeUsageRequest.Create(request, observed.Content, MaxBodyBytes, cancellationToken)
                : null;
            asksForUsage = TrySubstitute(request, observed, edited);
            response = base.Send(request, cancellationToken);
            if (asksForUsage && IncludeUsageResponse.ReadRejection(response, cancellationToken))
            {
                asksForUsage = false;
                PrepareUnchanged(request, observed, response);
                response = base.Send(request, cancellationToken);
                RememberRejection(server!, response);
            }
        }
        catch (Exception fault)
        {
            RecordFailureOrAbandon(request, observed, fault);
            throw;
        }
        finally
        {
            observed.Restore(request);
        }

        return Track(response, observed, asksForUsage);
    }

    private int MaxBodyBytes => _tracker.RecordSettings.MaxRequestBodyBytes;

    private ObservedRequest? Observe(HttpRequestMessage request)
    {
        UsageContext? own = request.FindUsageContext();
        ModelEndpoint? endpoint = ModelEndpoints.Find(request);
        if (own is null && !ShouldTrack(request, endpoint is not null))
        {
            return null;
        }

        UsageContext? context = own ?? UsageScope.Current;
        if (context is null && _tracker.RequestSettings.WarnsWithoutContext)
        {
            _tracker.Responses.LogNoContext(request.RequestUri is { IsAbsoluteUri: true } uri ? uri.Host : null);
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
            return _tracker.RequestSettings.ShouldTrack?.Invoke(request) ?? isKnown;
        }
        catch (Exception)
        {
            return isKnown; // The user's function must not fail the request.
        }
    }

    private bool MayAskForUsage(HttpRequestMessage request, out Uri? server)
    {
        server = request.RequestUri;
        return server is not null && ModelEndpoints.IsChat(request) && _tracker.RequestSettings.MayAskForUsage(server);
    }

    private static bool TrySubstitute(HttpRequestMessage request, ObservedRequest observed, HttpContent? edited)
    {
        if (edited is not null)
        {
            observed.Observe(request, edited);
        }

        return edited is not null;
    }

    // After a rejection, the request is sent as the caller made it.
    private static void PrepareUnchanged(HttpRequestMessage request, ObservedRequest observed, HttpResponseMessage rejection)
    {
        rejection.Dispose();
        observed.Observe(request, observed.Content!);
    }

    // If the unchanged request fails in the same way, the error only repeated the request, and had another reason.
    private void RememberRejection(Uri server, HttpResponseMessage second)
    {
        if (!IncludeUsageResponse.MayBeRejection(second))
        {
            _tracker.RequestSettings.RememberRejection(server);
        }
    }

    // The usage chunk is tracked before it is removed.
    private HttpResponseMessage Track(HttpResponseMessage response, ObservedRequest observed, bool asksForUsage)
    {
        (UsageContext context, SentRequest sent) = observed.Describe();
        response.TrackUsage(_tracker, context, sent);
        if (asksForUsage)
        {
            IncludeUsageResponse.HideUsage(response, _tracker.BodySettings.Reading.MaxEventBytes);
        }

        return response;
    }

    // A handler inside may have recorded the failure already.
    private void RecordFailureOrAbandon(HttpRequestMessage request, ObservedRequest observed, Exception fault)
    {
        bool isRecorded = _tracker.RequestSettings.RecordsFailures && !observed.FetchesStoredAnswer
            && RequestAttempts.Of(request).TryRecord(fault, _tracker.BodySettings.Sinks);
        if (isRecorded)
        {
            (UsageContext context, SentRequest sent) = observed.Describe();
            _tracker.Responses.RecordNoResponse(context, sent, fault, observed.WasSent(fault));
        }
        else
        {
            observed.Abandon();
        }
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
