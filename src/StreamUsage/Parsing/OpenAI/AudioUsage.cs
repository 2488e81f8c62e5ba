using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;
using StreamUsage.Parsing.UsageObjects;

namespace StreamUsage.Parsing.OpenAI;

/// <summary>Reads the usage of audio: tokens, under OpenAI's names or Mistral's, or seconds (<c>{type: duration,
/// seconds}</c>). By its total, Mistral counts audio tokens beside the prompt.</summary>
internal static class AudioUsage
{
    public static UsageAccumulator Read(ReadOnlySpan<byte> usage, UsageAccumulator state, IOutputObserver output)
    {
        Utf8JsonReader reader = Utf8Json.ReadValue(usage);
        UsageReport report = default;
        state = UsageObject.Read(ref reader, OpenAIUsageNames.Responses, ref report, state, output);
        output.OnReportedUsage(usage, isCumulative: false);
        return report.IsEmpty ? state : state.Replace(WithAudio(report.ToTokens(TokenConvention.InputIncludesCache)));
    }

    /// <summary>Returns the state with the length of the recording, which may be a string.</summary>
    public static UsageAccumulator WithSeconds(ReadOnlySpan<byte> duration, in UsageAccumulator state)
    {
        Utf8JsonReader reader = Utf8Json.ReadValue(Utf8Json.IsString(duration) && duration.Length > 2 ? duration[1..^1] : duration);
        return UnitsByName.With(state, "audio_seconds", reader.GetAmount());
    }

    private static ReportedTokens WithAudio(in ReportedTokens tokens) =>
        tokens.InputAudioTokens is > 0 and { } audio && tokens.InputTokens is { } input
            && tokens.TotalTokens == input + audio + (tokens.OutputTokens ?? 0)
            ? tokens with { ExtraInputTokens = audio }
            : tokens;
}
