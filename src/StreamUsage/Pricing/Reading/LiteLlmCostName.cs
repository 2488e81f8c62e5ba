using System.Globalization;
using StreamUsage.Pricing.Tables;

namespace StreamUsage.Pricing.Reading;

/// <summary>Represents the parsed name of a LiteLLM cost field.</summary>
/// <param name="Key">The priced key.</param>
/// <param name="Class">The class, by the names of <see cref="RateClass"/>; null for the standard one.</param>
/// <param name="Start">The number of input tokens above which the cost applies; null for any number.</param>
/// <param name="Per">The number of units that the cost is for: 1000 for "per 1k calls".</param>
internal readonly record struct LiteLlmCostName(RateKey Key, string? Class, long? Start, decimal Per)
{
    private const string OneHour = "_above_1hr", Above = "_above_", Tokens = "_tokens";

    private static readonly (string Suffix, string Class)[] Classes =
        [("_priority", RateClass.Priority), ("_flex", RateClass.Flex), ("_batches", RateClass.Batch), ("_ultrafast", RateClass.UltraFast)];

    private static readonly Dictionary<string, (RateKey Key, decimal Per)> Names = new(StringComparer.Ordinal)
    {
        ["input_cost_per_token"] = (RateKey.Input, 1),
        ["output_cost_per_token"] = (RateKey.Output, 1),
        ["output_cost_per_reasoning_token"] = (RateKey.Reasoning, 1),
        ["citation_cost_per_token"] = (RateKey.Citation, 1),
        ["cache_read_input_token_cost"] = (RateKey.CacheRead, 1),
        ["input_cost_per_token_cache_hit"] = (RateKey.CacheRead, 1),
        ["cache_creation_input_token_cost"] = (RateKey.CacheCreation, 1),
        ["input_cost_per_audio_token"] = (RateKey.InputAudio, 1),
        ["input_cost_per_image_token"] = (RateKey.InputImage, 1),
        ["input_cost_per_video_token"] = (RateKey.InputVideo, 1),
        ["output_cost_per_audio_token"] = (RateKey.OutputAudio, 1),
        ["output_cost_per_image_token"] = (RateKey.OutputImage, 1),
        ["output_cost_per_video_token"] = (RateKey.OutputVideo, 1),
        ["cache_read_input_audio_token_cost"] = (RateKey.CacheReadAudio, 1),
        ["cache_read_input_image_token_cost"] = (RateKey.CacheReadImage, 1),
        ["cache_creation_input_audio_token_cost"] = (RateKey.CacheCreationAudio, 1),
        ["input_cost_per_second"] = (RateKey.AudioSecond, 1),
        ["output_cost_per_second"] = (RateKey.AudioSecond, 1),
        ["input_cost_per_audio_per_second"] = (RateKey.AudioSecond, 1),
        ["input_cost_per_image"] = (RateKey.InputImageCount, 1),
        ["output_cost_per_image"] = (RateKey.OutputImageCount, 1),
        ["input_cost_per_pixel"] = (RateKey.Pixel, 1),
        ["output_cost_per_pixel"] = (RateKey.Pixel, 1),
        ["input_cost_per_character"] = (RateKey.Character, 1),
        ["input_cost_per_query"] = (RateKey.SearchUnit, 1),
        ["ocr_cost_per_page"] = (RateKey.Page, 1),
        ["annotation_cost_per_page"] = (RateKey.AnnotatedPage, 1),
        ["google_maps_grounding_cost_per_query"] = (RateKey.MapsQuery, 1),
        ["file_search_cost_per_1k_calls"] = (RateKey.FileSearch, 1000),
        ["code_interpreter_cost_per_session"] = (RateKey.CodeSession, 1),
    };

    /// <summary>Parses a name: a base, then optionally a lifetime of an hour, a threshold and a class.</summary>
    public static bool TryParse(string name, out LiteLlmCostName parsed)
    {
        parsed = default;
        string? className = null;
        foreach ((string suffix, string known) in Classes)
        {
            int at = name.IndexOf(suffix, StringComparison.Ordinal);
            if (at > 0 && (at + suffix.Length == name.Length || name[(at + suffix.Length)..].StartsWith(Above, StringComparison.Ordinal)))
            {
                className = known;
                name = name.Remove(at, suffix.Length);
                break;
            }
        }

        bool isOneHour = name.Contains(OneHour, StringComparison.Ordinal);
        name = isOneHour ? name.Replace(OneHour, "", StringComparison.Ordinal) : name;
        long? start = null;
        if (name.EndsWith(Tokens, StringComparison.Ordinal) && name.LastIndexOf(Above, StringComparison.Ordinal) is > 0 and int above)
        {
            ReadOnlySpan<char> count = name.AsSpan(above + Above.Length, name.Length - Tokens.Length - above - Above.Length);
            long factor = count.EndsWith("k", StringComparison.Ordinal) ? 1000 : 1;
            if (!long.TryParse(count.TrimEnd('k'), NumberStyles.None, CultureInfo.InvariantCulture, out long tokens))
            {
                return false;
            }

            start = tokens * factor;
            name = name[..above];
        }

        if (!Names.TryGetValue(name, out (RateKey Key, decimal Per) unit) || (isOneHour && unit.Key != RateKey.CacheCreation))
        {
            return false;
        }

        parsed = new LiteLlmCostName(isOneHour ? RateKey.CacheCreation1h : unit.Key, className, start, unit.Per);
        return true;
    }
}
