namespace StreamUsage.Capture;

/// <summary>Keeps secrets out of captured headers: only values of headers known to be harmless are kept, because no
/// value says that it is a secret.</summary>
/// <param name="choices">The headers that a caller decided about, and whether their values are kept. Case does not
/// matter.</param>
internal sealed class HeaderRedaction(IReadOnlyDictionary<string, bool> choices)
{
    private const string Redacted = "***";

    /// <summary>Returns a copy with every value replaced that is not to be kept; null for null.</summary>
    public IReadOnlyDictionary<string, string>? Redact(IReadOnlyDictionary<string, string>? headers)
    {
        if (headers is null)
        {
            return null;
        }

        var redacted = new Dictionary<string, string>(headers.Count, StringComparer.OrdinalIgnoreCase);
        foreach ((string name, string value) in headers)
        {
            redacted[name] = Redact(name, value);
        }

        return redacted;
    }

    /// <summary>Returns the headers of a response and its content, redacted; a header with several values has them
    /// joined with a comma.</summary>
    public IReadOnlyDictionary<string, string> Capture(HttpResponseMessage response)
    {
        var captured = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        Add(response.Headers.NonValidated, captured);
        Add(response.Content.Headers.NonValidated, captured);
        return captured;
    }

    /// <summary>Returns the context as it may be kept: a copy that the caller cannot change any more, headers redacted,
    /// without the request's body.</summary>
    public UsageContext Redact(UsageContext context) =>
        context is { RequestHeaders: null, ProviderRequestHeaders: null, Tags: null, RequestBody.IsEmpty: true }
        ? context
        : context with
    {
        RequestHeaders = TryCopy(context.RequestHeaders, Redact),
        ProviderRequestHeaders = TryCopy(context.ProviderRequestHeaders, Redact),
        Tags = TryCopy(context.Tags, static tags => tags is null ? null : new Dictionary<string, string>(tags)),
        RequestBody = default,
    };

    // The caller's dictionary may be changing, or not be one: then it is left out rather than the record lost.
    private static IReadOnlyDictionary<string, string>? TryCopy(
        IReadOnlyDictionary<string, string>? pairs, Func<IReadOnlyDictionary<string, string>?, IReadOnlyDictionary<string, string>?> copy)
    {
        try
        {
            return copy(pairs);
        }
        catch (Exception)
        {
            return null;
        }
    }

    private bool Keeps(string name) => choices.TryGetValue(name, out bool isKept) ? isKept : HarmlessHeaders.Contains(name);

    private string Redact(string name, string? value) => Keeps(name) ? SecretMask.HeaderValue(value ?? "") : Redacted;

    private void Add(System.Net.Http.Headers.HttpHeadersNonValidated headers, Dictionary<string, string> captured)
    {
        foreach ((string name, System.Net.Http.Headers.HeaderStringValues values) in headers)
        {
            captured[name] = Keeps(name) ? SecretMask.HeaderValue(values.ToString()) : Redacted;
        }
    }
}
