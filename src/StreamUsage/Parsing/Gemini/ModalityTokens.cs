using System.Text;
using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing.Gemini;

/// <summary>Google's tokens by modality, of all lists that were read: <c>[{modality, tokenCount}]</c> or <c>[{modality, tokens}]</c>. Documents count as images.</summary>
internal struct ModalityTokens
{
    public long? Audio { get; private set; }

    public long? Image { get; private set; }

    public long? Video { get; private set; }

    public void Read(ref Utf8JsonReader reader, IOutputObserver output)
    {
        if (!reader.EnterArray())
        {
            return;
        }

        while (reader.NextElement())
        {
            if (reader.EnterObject())
            {
                ReadOne(ref reader, output);
            }
        }
    }

    /// <summary>The state with a count of a subset, where there is one.</summary>
    public static UsageAccumulator WithDetail(in UsageAccumulator state, string name, long? count) =>
        count is { } tokens ? state with { TokenDetails = CountsByName.With(state.TokenDetails, name, tokens) } : state;

    private void ReadOne(ref Utf8JsonReader reader, IOutputObserver output)
    {
        ReadOnlySpan<byte> modality = default;
        long? tokens = 0; // A count of 0 is left out.
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("modality"u8) && reader.TokenType == JsonTokenType.String)
            {
                modality = reader.ValueSpan;
            }
            else if (name.SequenceEqual("tokens"u8) || name.SequenceEqual("tokenCount"u8))
            {
                tokens = reader.GetCount(name, output);
            }
            else
            {
                reader.Skip();
            }
        }

        if (Ascii.EqualsIgnoreCase(modality, "audio"u8))
        {
            Audio = Sum(Audio, tokens);
        }
        else if (Ascii.EqualsIgnoreCase(modality, "image"u8) || Ascii.EqualsIgnoreCase(modality, "document"u8))
        {
            Image = Sum(Image, tokens);
        }
        else if (Ascii.EqualsIgnoreCase(modality, "video"u8))
        {
            Video = Sum(Video, tokens);
        }
    }

    private static long? Sum(long? first, long? second) => first is null ? second : first + (second ?? 0);
}
