namespace StreamUsage.Http;

/// <summary>Tells a request for a model's answer by its method and path, which are the same behind every gateway and deployment prefix.</summary>
internal static class ModelEndpoints
{
    private static readonly (string End, ApiFormat Format)[] Posts =
    [
        ("/messages", ApiFormat.Claude),
        ("/chat/completions", ApiFormat.OpenAI),
        ("/responses", ApiFormat.OpenAI),
        ("/completions", ApiFormat.OpenAI),
        ("/embeddings", ApiFormat.OpenAI),
        (":generateContent", ApiFormat.Gemini),
        (":streamGenerateContent", ApiFormat.Gemini),
        (":rawPredict", ApiFormat.Auto),
        (":streamRawPredict", ApiFormat.Auto),
        ("/converse", ApiFormat.Auto),
        ("/converse-stream", ApiFormat.Auto),
        ("/invoke", ApiFormat.Auto),
        ("/invoke-with-response-stream", ApiFormat.Auto),
    ];

    /// <summary>The format that a request's answer will have, Auto where the path does not say; null where it asks no model.</summary>
    public static ApiFormat? Find(HttpRequestMessage request)
    {
        if (request.RequestUri is not { IsAbsoluteUri: true } uri)
        {
            return null;
        }

        ReadOnlySpan<char> path = uri.AbsolutePath.AsSpan().TrimEnd('/');
        if (request.Method == HttpMethod.Get)
        {
            // An answer that was made in the background is fetched by its id.
            int slash = path.LastIndexOf('/');
            return slash > 0 && path[..slash].EndsWith("/responses", StringComparison.Ordinal) ? ApiFormat.OpenAI : null;
        }

        if (request.Method == HttpMethod.Post)
        {
            foreach ((string end, ApiFormat format) in Posts)
            {
                if (path.EndsWith(end, StringComparison.Ordinal))
                {
                    return format;
                }
            }
        }

        return null;
    }
}
