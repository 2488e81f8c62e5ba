namespace StreamUsage;

/// <summary>Says whose a request is.</summary>
public static class HttpRequestMessageExtensions
{
    private static readonly HttpRequestOptionsKey<UsageContext> Key = new("StreamUsage.UsageContext");

    /// <summary>Says about a request what its record will hold. A request with a context is tracked by a <see cref="UsageTrackingHandler"/> wherever it goes.</summary>
    /// <param name="request">The request, before it is sent.</param>
    /// <param name="context">What the caller says; what it leaves out, the handler finds by itself: format, model, request body, start.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static void SetUsageContext(this HttpRequestMessage request, UsageContext context)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(context);
        request.Options.Set(Key, context);
    }

    internal static UsageContext? FindUsageContext(this HttpRequestMessage request) => request.Options.TryGetValue(Key, out UsageContext? context) ? context : null;
}
