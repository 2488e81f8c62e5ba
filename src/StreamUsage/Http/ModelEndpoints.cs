namespace StreamUsage.Http;

/// <summary>Recognizes model requests by their method and path, behind any gateway or deployment prefix.</summary>
internal static class ModelEndpoints
{
    private const string Cancel = "/cancel";

    // "/v1/messages" and not "/messages": /v1/threads/ID/messages (Assistants) is no model call.
    private static readonly (string End, ApiFormat Format)[] Posts =
    [
        ("/v1/messages", ApiFormat.Claude),
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
    ];

    // Amazon Bedrock: /model/ID/converse. The names alone are too common.
    private static readonly string[] BedrockPosts = ["/converse", "/converse-stream", "/invoke", "/invoke-with-response-stream"];

    private static readonly (string Collection, ApiFormat Format)[] StoredAnswers =
        [("/responses", ApiFormat.OpenAI), ("/interactions", ApiFormat.Gemini)];

    /// <summary>Returns the endpoint of a request; null if its path is not a model's.</summary>
    public static ModelEndpoint? Find(HttpRequestMessage request)
    {
        if (request.RequestUri is not { IsAbsoluteUri: true } uri)
        {
            return null;
        }

        ReadOnlySpan<char> path = uri.AbsolutePath.AsSpan().TrimEnd('/');
        if (request.Method == HttpMethod.Get)
        {
            return FindStored(path);
        }

        return request.Method != HttpMethod.Post ? null
            : path.EndsWith(Cancel, StringComparison.Ordinal) ? FindStored(path[..^Cancel.Length])
            : (FindPost(path) ?? (IsMistral(uri) ? FindConversation(path) : null)) is { } format ? new ModelEndpoint(format) : null;
    }

    /// <summary>Returns whether a request asks for a Chat completion.</summary>
    public static bool IsChat(HttpRequestMessage request) =>
        request.Method == HttpMethod.Post && request.RequestUri is { IsAbsoluteUri: true } uri
        && uri.AbsolutePath.AsSpan().TrimEnd('/').EndsWith("/chat/completions", StringComparison.Ordinal);

    // A stored answer is fetched by its id, and a background response is canceled by its id. Both HTTP responses
    // contain the answer.
    private static ModelEndpoint? FindStored(ReadOnlySpan<char> path)
    {
        int slash = path.LastIndexOf('/');
        foreach ((string collection, ApiFormat format) in StoredAnswers)
        {
            if (slash > 0 && path[..slash].EndsWith(collection, StringComparison.Ordinal))
            {
                return new ModelEndpoint(format, Uri.UnescapeDataString(path[(slash + 1)..].ToString()));
            }
        }

        return null;
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

        foreach (string end in BedrockPosts)
        {
            if (path.EndsWith(end, StringComparison.Ordinal) && path.Contains("/model/", StringComparison.Ordinal))
            {
                return ApiFormat.Auto;
            }
        }

        return null;
    }

    // OpenAI has conversations under the same path, which call no model: only the host, or a gateway's prefix, tells.
    private static bool IsMistral(Uri uri) => uri.Host.Contains("mistral", StringComparison.OrdinalIgnoreCase)
        || uri.AbsolutePath.Contains("/mistral/", StringComparison.OrdinalIgnoreCase);

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
