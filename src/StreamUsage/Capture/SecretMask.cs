using System.Text.RegularExpressions;
using StreamUsage.Buffers;

namespace StreamUsage.Capture;

/// <summary>Masks secrets in text that others wrote: errors of providers, transports and callers, and the beginning of
/// a body that could not be read. Recognizes credentials after their scheme or name, keys by their prefix, and whatever
/// a URL has beside its path. A secret without any of these looks like any other word, and stays.</summary>
internal static partial class SecretMask
{
    /// <summary>The most characters of a message that are kept.</summary>
    public const int MaxMessageLength = 4096;

    // An ordinary word after "password:" is prose; one this long, or with anything but letters in it, is not.
    private const int MaxWordLength = 19;

    // Each alternative consumes what it has looked at, so that the time is linear in the length of the text. At the end
    // of the text a key may be shorter: it may have been cut.
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

    /// <summary>Returns the message with its secrets masked and its end cut off where it is longer than
    /// <see cref="MaxMessageLength"/>; null for null.</summary>
    public static string? Message(string? text) => text is null ? null : Text(text, MaxMessageLength);

    /// <summary>Returns the beginning of the text, of at most so many characters, with its secrets replaced by
    /// <c>***</c>.</summary>
    public static string Text(string text, int maxLength)
    {
        string masked = Secrets().Replace(CappedText.Of(text, maxLength), Replace);
        bool isCut = text.Length >= maxLength; // If not here, then where it was read.
        return CappedText.Of(isCut ? CutAuthority().Replace(masked, "${keep}***") : masked, maxLength);
    }

    /// <summary>Returns a header's value without the queries, fragments and passwords of the URLs in it.</summary>
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
