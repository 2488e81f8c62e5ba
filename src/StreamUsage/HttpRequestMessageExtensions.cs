namespace StreamUsage;

/// <summary>Attaches a <see cref="UsageContext"/> to a request.</summary>
public static class HttpRequestMessageExtensions
{
    private static readonly HttpRequestOptionsKey<UsageContext> Key = new("StreamUsage.UsageContext");

    /// <summary>Attaches a context to a request. A <see cref="UsageTrackingHandler"/> then tracks the request whatever
    /// its address.</summary>
    /// <param name="request">The request, before it is sent.</param>
    /// <param name="context">The context. The handler fills in a missing format, model, request body and start.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static void SetUsageContext(this HttpRequestMessage request, UsageContext context)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(context);
        request.Options.Set(Key, context);
    }

    internal static UsageContext? FindUsageContext(this HttpRequestMessage request) =>
        request.Options.TryGetValue(Key, out UsageContext? context) ? context : null;
}
