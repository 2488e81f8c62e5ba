namespace StreamUsage.Snippets;

internal static class EndingsSnippets
{
    public static async Task<HttpResponseMessage> NoResponse(
        HttpClient http, HttpRequestMessage request, UsageTracker tracker, UsageContext context, CancellationToken cancellationToken)
    {
        HttpResponseMessage response;
        #region no response
        try
        {
            response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (Exception fault)
        {
            tracker.RecordFailure(context, fault, requestWasSent: true);   // false if the connection failed
            throw;
        }
        #endregion
        return response;
    }

    public static void Drain()
    {
        #region drain
        var options = new StreamUsageOptions
        {
            DrainAbortedStreams = new DrainLimits { MaxTime = TimeSpan.FromSeconds(30), MaxBytes = 4 * 1024 * 1024, MaxConcurrent = 100 },
        };
        #endregion
    }
}
