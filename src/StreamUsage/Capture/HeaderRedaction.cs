namespace StreamUsage.Capture;

/// <summary>Redacts captured headers. Only values of known harmless headers are kept, since a secret value cannot be
/// recognized.</summary>
/// <param name="choices">The headers that the user chose to keep or redact; case is ignored.</param>
internal sealed class HeaderRedaction(IReadOnlyDictionary<string, bool> choices)
{
    private const string Redacted = "***";

    /// <summary>Returns a copy with redacted values; null for null.</summary>
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

    /// <summary>Returns the redacted headers of a response and its content. Several values of a header are joined by
    /// commas.</summary>
    public IReadOnlyDictionary<string, string> Capture(HttpResponseMessage response)
    {
        var captured = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        Add(response.Headers.NonValidated, captured);
        Add(response.Content.Headers.NonValidated, captured);
        return captured;
    }

    /// <summary>Returns a copy of the context with redacted headers and without the request body.</summary>
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

    // A dictionary that changes meanwhile, or throws, is left out, so that the record is not lost.
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
