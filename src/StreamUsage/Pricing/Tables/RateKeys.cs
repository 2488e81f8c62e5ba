namespace StreamUsage.Pricing.Tables;

/// <summary>Holds the names and the order of the rate keys.</summary>
internal static class RateKeys
{
    public const int Modalities = 5;
    public const int TokenCount = 8 * Modalities;

    private static readonly string[] Names = [.. Enum.GetValues<RateKey>().Select(NameOf)];

    private static readonly Dictionary<string, RateKey> ByName = Enum.GetValues<RateKey>().ToDictionary(Name, StringComparer.Ordinal);

    public static int Count => Names.Length;

    public static RateKey Of(TokenKind kind, Modality modality) => (RateKey)(((int)kind * Modalities) + (int)modality);

    /// <summary>Returns the key's name in <see cref="UsageCost.Rates"/>.</summary>
    public static string Name(RateKey key) => Names[(int)key];

    /// <summary>Returns how many of the record's units the rate is for: 60 audio seconds for a minute. Multiply first:
    /// the division may round.</summary>
    public static decimal Per(RateKey key) => key switch { RateKey.AudioMinute => 60, RateKey.AudioHour => 3600, _ => 1 };

    public static bool TryParse(string name, out RateKey key) => ByName.TryGetValue(name, out key);

    private static string NameOf(RateKey key)
    {
        if ((int)key >= TokenCount)
        {
            return key switch
            {
                RateKey.Request => "request",
                RateKey.WebSearch => "web_search",
                RateKey.WebSearchPrompt => "web_search_prompt",
                RateKey.SocialSearch => "social_search",
                RateKey.FileSearch => "file_search",
                RateKey.MapsQuery => "maps_query",
                RateKey.CodeExecution => "code_execution",
                RateKey.CodeSession => "code_session",
                RateKey.SearchUnit => "search_unit",
                RateKey.AudioSecond => "audio_second",
                RateKey.AudioMinute => "audio_minute",
                RateKey.AudioHour => "audio_hour",
                RateKey.InputImageCount => "input_image_count",
                RateKey.OutputImageCount => "output_image_count",
                RateKey.Pixel => "pixel",
                RateKey.Character => "character",
                RateKey.Page => "page",
                RateKey.AnnotatedPage => "annotated_page",
                _ => "session_second",
            };
        }

        string kind = (TokenKind)((int)key / Modalities) switch
        {
            TokenKind.Input => "input",
            TokenKind.CacheRead => "cache_read",
            TokenKind.CacheCreation => "cache_creation",
            TokenKind.CacheCreation5m => "cache_creation_5m",
            TokenKind.CacheCreation1h => "cache_creation_1h",
            TokenKind.Output => "output",
            TokenKind.Reasoning => "output_reasoning",
            _ => "output_citation",
        };
        return (Modality)((int)key % Modalities) switch
        {
            Modality.Any => kind,
            Modality.Text => kind + "_text",
            Modality.Audio => kind + "_audio",
            Modality.Image => kind + "_image",
            _ => kind + "_video",
        };
    }
}
