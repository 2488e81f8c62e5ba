namespace StreamUsage.Http;

/// <summary>Recognises model requests by their method and path, behind any gateway or deployment prefix.</summary>
internal static class ModelEndpoints
{
    private static readonly (string End, ApiFormat Format)[] Posts =
    [
        ("/messages", ApiFormat.Claude),
        ("/chat/completions", ApiFormat.OpenAI),
        ("/responses", ApiFormat.OpenAI),
        ("/completions", ApiFormat.OpenAI),
        ("/embeddings", ApiFormat.OpenAI),
        ("/responses/compact", ApiFormat.OpenAI),
        ("/images/generations", ApiFormat.OpenAI),
        ("/images/edits", ApiFormat.OpenAI),
        ("/images/variations", ApiFormat.OpenAI),
        ("/audio/transcriptions", ApiFormat.OpenAI),
        ("/audio/translations", ApiFormat.OpenAI),
        ("/audio/speech", ApiFormat.OpenAI),
        (":generateContent", ApiFormat.Gemini),
        (":streamGenerateContent", ApiFormat.Gemini),
        ("/interactions", ApiFormat.Gemini),
        ("/v1/chat", ApiFormat.Cohere),
        ("/v2/chat", ApiFormat.Cohere),
        ("/v1/embed", ApiFormat.Cohere),
        ("/v2/embed", ApiFormat.Cohere),
        ("/rerank", ApiFormat.Auto),
        (":rawPredict", ApiFormat.Auto),
        (":streamRawPredict", ApiFormat.Auto),
        ("/converse", ApiFormat.Auto),
        ("/converse-stream", ApiFormat.Auto),
        ("/invoke", ApiFormat.Auto),
        ("/invoke-with-response-stream", ApiFormat.Auto),
    ];

    /// <summary>Returns the format of a request's answer; Auto if the path does not tell, null if it is no model
    /// request.</summary>
    public static ApiFormat? Find(HttpRequestMessage request)
    {
        if (request.RequestUri is not { IsAbsoluteUri: true } uri)
        {
            return null;
        }

        ReadOnlySpan<char> path = uri.AbsolutePath.AsSpan().TrimEnd('/');
        if (request.Method == HttpMethod.Get)
        {
            // A background response is fetched by its id.
            int slash = path.LastIndexOf('/');
            ReadOnlySpan<char> collection = slash > 0 ? path[..slash] : default;
            return collection.EndsWith("/responses", StringComparison.Ordinal) ? ApiFormat.OpenAI
                : collection.EndsWith("/interactions", StringComparison.Ordinal) ? ApiFormat.Gemini
                : null;
        }

        return request.Method != HttpMethod.Post ? null : FindPost(path) ?? (IsMistral(uri) ? FindConversation(path) : null);
    }

    private static ApiFormat? FindPost(ReadOnlySpan<char> path)
    {
        foreach ((string end, ApiFormat format) in Posts)
        {
            if (path.EndsWith(end, StringComparison.Ordinal))
            {
                return format;
            }
        }

        return null;
    }

    // OpenAI has conversations under the same path, which call no model: only the host tells.
    private static bool IsMistral(Uri uri) => uri.Host.Contains("mistral", StringComparison.OrdinalIgnoreCase);

    // /conversations begins one, /conversations/ID continues it, /conversations/ID/restart continues an earlier entry.
    private static ApiFormat? FindConversation(ReadOnlySpan<char> path)
    {
        const string Collection = "/conversations";
        int at = path.LastIndexOf(Collection);
        ReadOnlySpan<char> rest = at < 0 ? "/" : path[(at + Collection.Length)..];
        bool isCall = rest.IsEmpty
            || (rest.Length > 1 && rest[0] == '/' && (rest.Count('/') == 1 || rest.EndsWith("/restart", StringComparison.Ordinal)));
        return isCall ? ApiFormat.Mistral : null;
    }
}
