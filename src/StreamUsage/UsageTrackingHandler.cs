using StreamUsage.Http;

namespace StreamUsage;

/// <summary>Tracks the model responses of an <see cref="HttpClient"/>: requests to known model API paths, and requests
/// with a context. Finds a missing format, model, request body and start in the request. Request and response bytes
/// stay the same, and faults here never reach the caller.</summary>
/// <remarks>Use <c>AddHttpMessageHandler&lt;UsageTrackingHandler&gt;()</c>, or <c>new HttpClient(new
/// UsageTrackingHandler(tracker))</c>, which creates its own inner handler. A request body is kept up to
/// <see cref="StreamUsageOptions.MaxRequestBodyBytes"/>; of a larger one only the model and the length are
/// used.</remarks>
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
        try
        {
            response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            observed.Abandon();
            throw;
        }
        finally
        {
            observed.Restore(request);
        }

        return Track(response, observed);
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
        try
        {
            response = base.Send(request, cancellationToken);
        }
        catch
        {
            observed.Abandon();
            throw;
        }
        finally
        {
            observed.Restore(request);
        }

        return Track(response, observed);
    }

    private ObservedRequest? Observe(HttpRequestMessage request)
    {
        UsageContext? context = request.FindUsageContext() ?? UsageScope.Current;
        ApiFormat? format = ModelEndpoints.Find(request);
        return format is null && request.FindUsageContext() is null ? null : new ObservedRequest(
            request,
            context ?? UsageContext.Empty,
            format ?? ApiFormat.Auto,
            _tracker.Settings.MaxRequestBodyBytes,
            _tracker.Budget,
            _tracker.Time);
    }

    private HttpResponseMessage Track(HttpResponseMessage response, ObservedRequest observed)
    {
        (UsageContext context, long bodyLength, IDisposable? bodyCopy) = observed.Describe();
        response.TrackUsage(_tracker, context, bodyLength, bodyCopy, observed.AsksForTranscript);
        return response;
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
