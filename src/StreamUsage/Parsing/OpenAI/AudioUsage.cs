using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;
using StreamUsage.Parsing.UsageObjects;

namespace StreamUsage.Parsing.OpenAI;

/// <summary>Reads the usage of audio: tokens, under OpenAI's names or Mistral's, or seconds (<c>{type: duration,
/// seconds}</c>).</summary>
internal static class AudioUsage
{
    /// <summary>Reads a usage object.</summary>
    public static UsageAccumulator Read(ReadOnlySpan<byte> usage, UsageAccumulator state, IOutputObserver output)
    {
        Utf8JsonReader reader = Utf8Json.ReadValue(usage);
        ReportedTokens tokens = UsageObject.ReadAndReport(
            ref reader, usage, OpenAIUsageNames.Responses, TokenConvention.InputIncludesCache, ref state, output, isCumulative: false);
        return state.Replace(AddAudioOutsidePrompt(tokens));
    }

    /// <summary>Returns the state with the length of the recording, which may be a string.</summary>
    public static UsageAccumulator WithSeconds(ReadOnlySpan<byte> duration, in UsageAccumulator state)
    {
        Utf8JsonReader reader = Utf8Json.ReadValue(duration);
        return UnitsByName.With(state, "audio_seconds", reader.GetAmount());
    }

    // Mistral's prompt excludes the audio tokens; only the total shows it.
    private static ReportedTokens AddAudioOutsidePrompt(in ReportedTokens tokens) =>
        tokens.InputAudioTokens is > 0 and { } audio && tokens.InputTokens is { } input
            && tokens.TotalTokens == input + audio + (tokens.OutputTokens ?? 0)
            ? tokens with { ExtraInputTokens = audio }
            : tokens;
}
