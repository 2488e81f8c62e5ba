using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing.OpenAI;

/// <summary>
/// The usage object of audio: in tokens, under OpenAI's names or Mistral's, or in seconds (<c>{type: duration, seconds}</c>). Mistral counts the audio's tokens beside its prompt: its total says so.
/// </summary>
internal static class AudioUsage
{
    /// <summary>Reads the object.</summary>
    public static UsageAccumulator Read(ReadOnlySpan<byte> usage, UsageAccumulator state, IOutputObserver output)
    {
        Utf8JsonReader reader = Utf8Json.ReadValue(usage);
        reader.EnterObject();
        var tokens = new ReportedTokens { Convention = TokenConvention.InputIncludesCache };
        bool hasUsage = false;
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            hasUsage = true;
            if (name.SequenceEqual("input_tokens"u8) || name.SequenceEqual("prompt_tokens"u8))
            {
                tokens = tokens with { InputTokens = reader.GetCount(name, output) };
            }
            else if (name.SequenceEqual("output_tokens"u8) || name.SequenceEqual("completion_tokens"u8))
            {
                tokens = tokens with { OutputTokens = reader.GetCount(name, output) };
            }
            else if (name.SequenceEqual("total_tokens"u8))
            {
                tokens = tokens with { TotalTokens = reader.GetCount(name, output) };
            }
            else if (name.SequenceEqual("input_token_details"u8) || name.SequenceEqual("input_tokens_details"u8) || name.SequenceEqual("prompt_tokens_details"u8))
            {
                ReadInputDetails(ref reader, ref tokens, output);
            }
            else if (name.SequenceEqual("seconds"u8) || name.SequenceEqual("prompt_audio_seconds"u8))
            {
                state = UnitsByName.With(state, "audio_seconds", reader.GetAmount());
            }
            else if (name.SequenceEqual("cost"u8))
            {
                state = reader.GetAmount() is { } cost ? state with { ReportedCost = cost } : state;
            }
            else if (name.SequenceEqual("service_tier"u8))
            {
                state = Utf8Json.WithServiceTier(state, reader.GetName(state.ServiceTier));
            }
            else
            {
                reader.Skip();
            }
        }

        if (!hasUsage)
        {
            return state;
        }

        output.OnReportedUsage(usage, isCumulative: false);
        return state with { Tokens = WithAudio(tokens) };
    }

    /// <summary>The state with the length of the recording, which may be said as a text.</summary>
    public static UsageAccumulator WithSeconds(ReadOnlySpan<byte> duration, in UsageAccumulator state)
    {
        Utf8JsonReader reader = Utf8Json.ReadValue(Utf8Json.IsString(duration) && duration.Length > 2 ? duration[1..^1] : duration);
        return UnitsByName.With(state, "audio_seconds", reader.GetAmount());
    }

    private static ReportedTokens WithAudio(in ReportedTokens tokens) =>
        tokens.InputAudioTokens is { } audio && tokens.InputTokens is { } input && audio > 0 && tokens.TotalTokens == input + audio + (tokens.OutputTokens ?? 0)
            ? tokens with { ExtraInputTokens = audio }
            : tokens;

    private static void ReadInputDetails(ref Utf8JsonReader reader, ref ReportedTokens tokens, IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("audio_tokens"u8))
            {
                tokens = tokens with { InputAudioTokens = reader.GetCount(name, output) };
            }
            else if (name.SequenceEqual("cached_tokens"u8))
            {
                tokens = tokens with { CacheReadTokens = reader.GetCount(name, output) };
            }
            else
            {
                reader.Skip(); // text_tokens are the rest.
            }
        }
    }
}
