using StreamUsage.Http;

namespace StreamUsage;

/// <summary>
/// Tracks every model response of an <see cref="HttpClient"/>: those to the known paths of the model APIs, and those whose request has a context. Format, requested model, request body and start are found where the
/// context leaves them out. For <c>AddHttpMessageHandler&lt;UsageTrackingHandler&gt;()</c>, and, without a container, for <c>new HttpClient(new UsageTrackingHandler(tracker))</c>, which gets an inner handler of its
/// own where none is set. Of a request body larger than <see cref="StreamUsageOptions.MaxRequestBodyBytes"/> only the beginning is kept, for the model, and the length, for the estimate. The request's bytes, and the
/// response, stay as they are; a fault here is never felt.
/// </summary>
public sealed class UsageTrackingHandler : DelegatingHandler
{
    private readonly UsageTracker _tracker;
    private readonly object _gate = new();

    /// <summary>Makes a handler.</summary>
    /// <param name="tracker">The tracker of its responses.</param>
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
        return format is null && request.FindUsageContext() is null ? null : new ObservedRequest(request, context ?? UsageContext.Empty, format ?? ApiFormat.Auto, _tracker.Settings.MaxRequestBodyBytes, _tracker.Budget, _tracker.Time);
    }

    private HttpResponseMessage Track(HttpResponseMessage response, ObservedRequest observed)
    {
        (UsageContext context, long bodyLength, IDisposable? bodyCopy) = observed.Describe();
        response.TrackUsage(_tracker, context, bodyLength, bodyCopy, observed.AsksForTranscript);
        return response;
    }

    // A factory of clients wants to set the inner handler itself: it is made only when the first request finds none.
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
