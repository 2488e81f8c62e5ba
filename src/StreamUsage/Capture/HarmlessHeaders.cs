using System.Collections.Frozen;

namespace StreamUsage.Capture;

/// <summary>Lists the headers whose values hold no secret. docs/security.md shows the same list.</summary>
internal static class HarmlessHeaders
{
    private static readonly FrozenSet<string> Names = new[]
    {
        // HTTP itself (RFC 9110 to 9112), except headers with credentials, cookies or addresses.
        "accept", "age", "allow", "alt-svc", "cache-control", "connection", "date", "etag", "expires", "host", "keep-alive",
        "last-modified", "pragma", "retry-after", "server",
        "server-timing", "strict-transport-security", "te", "trailer", "transfer-encoding", "upgrade", "user-agent", "vary", "via",

        // Proxies and content delivery networks.
        "cf-cache-status", "cf-ray", "x-cache", "x-content-type-options", "x-envoy-upstream-service-time", "x-frame-options",
        "x-powered-by", "x-robots-tag", "x-runtime",

        // Trace and correlation ids.
        "correlation-id", "traceparent", "x-correlation-id", "x-trace-id",

        // Versions, processing times and the like of model providers.
        "anthropic-beta", "anthropic-version", "openai-beta", "openai-model", "openai-processing-ms", "openai-version", "x-goog-api-client",
        "x-groq-region", "x-inference-time", "x-model-version",
        "x-ms-region", "x-processing-ms", "x-processing-time", "x-should-retry", "x-stainless-arch", "x-stainless-async",
        "x-stainless-helper-method", "x-stainless-lang", "x-stainless-os",
        "x-stainless-package-version", "x-stainless-poll-helper", "x-stainless-raw-response", "x-stainless-read-timeout",
        "x-stainless-retry-count", "x-stainless-runtime",
        "x-stainless-runtime-version", "x-stainless-timeout",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static readonly string[] Beginnings = ["accept-", "content-", "x-amzn-bedrock-"];
    private static readonly string[] Ends = ["request-id", "requestid", "request_id"];
    private static readonly string[] Parts = ["ratelimit", "rate-limit"];

    // A rate limit's header may contain a user's key. Only whole words count: "remaining-tokens" is a number.
    private static readonly string[] SecretWords =
        ["assertion", "authorization", "cookie", "credential", "key", "password", "secret", "session", "signature", "token"];

    /// <summary>Returns whether the values of a header may be kept. Case is ignored.</summary>
    public static bool Contains(string name) => Names.Contains(name) || (HasHarmlessPart(name) && !HasSecretWord(name));

    private static bool HasHarmlessPart(string name) =>
        Array.Exists(Beginnings, beginning => name.StartsWith(beginning, StringComparison.OrdinalIgnoreCase))
        || Array.Exists(Ends, end => name.EndsWith(end, StringComparison.OrdinalIgnoreCase))
        || Array.Exists(Parts, part => name.Contains(part, StringComparison.OrdinalIgnoreCase));

    private static bool HasSecretWord(string name)
    {
        ReadOnlySpan<char> rest = name;
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOfAny('-', '_');
            ReadOnlySpan<char> word = end < 0 ? rest : rest[..end];
            foreach (string secret in SecretWords)
            {
                if (word.Equals(secret, StringComparison.OrdinalIgnoreCase))
                {
                    return true;
                }
            }

            rest = end < 0 ? default : rest[(end + 1)..];
        }

        return false;
    }
}
