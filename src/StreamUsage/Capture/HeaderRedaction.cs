namespace StreamUsage.Capture;

/// <summary>Keeps secrets out of captured headers: by name, because a value does not tell that it is one.</summary>
internal sealed class HeaderRedaction(IReadOnlySet<string> alsoRedacted)
{
    private const string Redacted = "***";

    private static readonly string[] Exact = ["authorization", "proxy-authorization", "cookie", "set-cookie", "cookie2", "set-cookie2"];
    private static readonly string[] Parts = ["key", "token", "secret"];

    public bool IsSecret(string name)
    {
        if (alsoRedacted.Contains(name))
        {
            return true;
        }

        if (name.StartsWith("x-ratelimit-", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        return Exact.Contains(name, StringComparer.OrdinalIgnoreCase) || Array.Exists(Parts, part => name.Contains(part, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>A copy with the secrets' values replaced; null for null.</summary>
    public IReadOnlyDictionary<string, string>? Redact(IReadOnlyDictionary<string, string>? headers)
    {
        if (headers is null)
        {
            return null;
        }

        var redacted = new Dictionary<string, string>(headers.Count, StringComparer.OrdinalIgnoreCase);
        foreach ((string name, string value) in headers)
        {
            redacted[name] = IsSecret(name) ? Redacted : value;
        }

        return redacted;
    }

    /// <summary>The headers of a response and its content, redacted; a header with several values has them joined with a comma.</summary>
    public IReadOnlyDictionary<string, string> Capture(HttpResponseMessage response)
    {
        var captured = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        Add(response.Headers.NonValidated, captured);
        Add(response.Content.Headers.NonValidated, captured);
        return captured;
    }

    /// <summary>The context as it may be kept: headers redacted, without the request's body.</summary>
    public UsageContext Redact(UsageContext context) => context is { RequestHeaders: null, ProviderRequestHeaders: null, RequestBody.IsEmpty: true } ? context : context with
    {
        RequestHeaders = TryRedact(context.RequestHeaders),
        ProviderRequestHeaders = TryRedact(context.ProviderRequestHeaders),
        RequestBody = default,
    };

    // The caller's dictionary may be changing, or not be one: then its headers are left out rather than the record lost.
    private IReadOnlyDictionary<string, string>? TryRedact(IReadOnlyDictionary<string, string>? headers)
    {
        try
        {
            return Redact(headers);
        }
        catch (Exception)
        {
            return null;
        }
    }

    private void Add(System.Net.Http.Headers.HttpHeadersNonValidated headers, Dictionary<string, string> captured)
    {
        foreach ((string name, System.Net.Http.Headers.HeaderStringValues values) in headers)
        {
            captured[name] = IsSecret(name) ? Redacted : values.ToString();
        }
    }
}
