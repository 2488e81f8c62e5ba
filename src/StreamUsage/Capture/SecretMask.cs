using System.Text.RegularExpressions;
using StreamUsage.Buffers;

namespace StreamUsage.Capture;

/// <summary>Masks secrets in external text: error messages and excerpts. It recognizes credentials after their scheme
/// or name, keys by their prefix, and secrets in URLs. Other secrets are not recognized.</summary>
internal static partial class SecretMask
{
    public const int MaxMessageLength = 4096;

    // A shorter word of only letters after "password:" is prose.
    private const int MaxWordLength = 19;

    // Each alternative consumes all that it examines, so the time is linear. A key that is cut by the end of the text
    // may be shorter.
    private const string Pattern =
        """
        (?<keep>:(?:\\?/){2})(?>(?<user>[^\s/?\#@"<>\\]*)@)?(?<path>(?>(?:[^\s?\#"<>\\]|\\/)*))
            (?<query>[?\#](?>(?:[^\s"<>\\]|\\(?:/|u[0-9a-f]{4}))*))?
        | (?<mark>\?)(?=[\w.%\[\]-]{1,64}(?:=|\\u003d))(?>(?:[^\s"<>\\]|\\(?:/|u[0-9a-f]{4}))*)
        | (?<keep>\b(?:bearer|basic|digest|dpop|negotiate)\s+)(?<value>[\w.~+/=:-]+)
        | (?<keep>(?:authorization|cookie)\\?["']?\s*[:=]\s*\\?["']?)(?<secret>[^\r\n"'\\]+)
        | (?<keep>(?:api[_ -]?key(?:\sprovided)?|access[_-]?key(?:[_-]?id)?
            |(?:access|api|auth|bearer|csrf|id|refresh|security|session)[_-]?token|\btoken(?==)
            |passw(?:or)?d|passphrase|secret|session[_-]?id|private[_-]?key|credential|signature|\bsig(?==))
            \\?["']?\s*[:=]\s*\\?["']?)(?<value>[^\s"',;&<>\\)\]}]+)
        | (?<secret>-----BEGIN[A-Z ]{0,32}PRIVATE\ KEY(?>(?:[^-]|-(?!----END))*)(?:-----END[A-Z -]*)?)
        | (?<secret>\b(?:(?:sk|pk|rk|csk|pplx|nvapi|xai|glpat|sess|xox[a-z]|bedrock-api-key)-|(?:sk|pk|rk)_(?:live|test)_
            |(?:gh[a-z]|gsk|hf|fw|r8|npm|whsec|github_pat|tgp_v1|dop_v1)_|(?:ya29|SG|AQ)\.)(?:[\w.-]{8,}|[\w.-]*\z))
        | (?<secret>\b(?:AIza|AKIA|ASIA|ABSK)(?:[\w+/=-]{8,}|[\w+/=-]*\z))
        | (?<secret>\beyJ(?:[\w-]{8,}(?:\.[\w-]*)*|[\w-]*\z))
        """;

    /// <summary>Returns the message with secrets masked, cut at <see cref="MaxMessageLength"/>; null for
    /// null.</summary>
    public static string? Message(string? text) => text is null ? null : Text(text, MaxMessageLength);

    /// <summary>Returns the text with secrets replaced by <c>***</c>, cut at a maximum length.</summary>
    public static string Text(string text, int maxLength)
    {
        string masked = Secrets().Replace(CappedText.Of(text, maxLength), Replace);
        bool isCut = text.Length >= maxLength; // By this method, or already by the caller.
        return CappedText.Of(isCut ? CutAuthority().Replace(masked, "${keep}***") : masked, maxLength);
    }

    /// <summary>Returns a header value without the queries, fragments and passwords of its URLs.</summary>
    public static string HeaderValue(string value) =>
        value.AsSpan().IndexOfAny('?', '#', '@') < 0 ? value : Queries().Replace(value, match => match.Groups["keep"].Value);

    private static string Replace(Match match)
    {
        if (match.Groups["mark"].Success)
        {
            return "?***";
        }

        if (match.Groups["path"].Success)
        {
            string user = match.Groups["user"].Success ? "***@" : "";
            string query = match.Groups["query"] is { Success: true, Value: [char first, ..] } ? $"{first}***" : "";
            return $"{match.Groups["keep"].Value}{user}{match.Groups["path"].Value}{query}";
        }

        return match.Groups["value"] is { Success: true, ValueSpan: var value } && IsWord(value)
            ? match.Value : match.Groups["keep"].Value + "***";
    }

    private static bool IsWord(ReadOnlySpan<char> value) =>
        value.Length <= MaxWordLength && char.IsAsciiLetter(value[0]) && value[1..].TrimEnd(".:!").IndexOfAnyExceptInRange('a', 'z') < 0;

    [GeneratedRegex(Pattern,
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Secrets();

    [GeneratedRegex(@"(?<keep>:(?:\\?/){2})[^\s/?#@""<>\\]+\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex CutAuthority();

    [GeneratedRegex(@"(?<keep>://)[^\s/?#@""<>]*@|[?#][^\s""<>]*", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Queries();
}
