using System.Text;
using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing.Cohere;

/// <summary>
/// Cohere's <c>usage</c> (version 2) and <c>meta</c> (version 1, Embed, Rerank): what the model processed in <c>tokens</c>, of which <c>cached_tokens</c> were read from the cache, and what is billed in
/// <c>billed_units</c>, which is less. Where only the billed units are stated, their tokens are the usage too.
/// </summary>
internal static class CohereUsage
{
    /// <summary>Reads the object that the reader stands on.</summary>
    public static UsageAccumulator Read(ref Utf8JsonReader reader, ReadOnlySpan<byte> data, UsageAccumulator state, IOutputObserver output)
    {
        int start = (int)reader.TokenStartIndex;
        if (!reader.EnterObject())
        {
            return state;
        }

        Counts tokens = default, billed = default;
        long? cached = null;
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("tokens"u8))
            {
                tokens.Read(ref reader, output, ref state);
            }
            else if (name.SequenceEqual("billed_units"u8))
            {
                billed.IsBilled = true;
                billed.Read(ref reader, output, ref state);
            }
            else if (name.SequenceEqual("cached_tokens"u8))
            {
                cached = reader.GetCount(name, output);
            }
            else
            {
                reader.Skip();
            }
        }

        bool hasTokens = (tokens.Input ?? tokens.Output) is not null;
        Counts counts = hasTokens ? tokens : billed;
        if (!hasTokens && !billed.HasAny)
        {
            return state; // The version of the API alone.
        }

        output.OnReportedUsage(data[start..(int)reader.BytesConsumed], isCumulative: false);
        state = state with
        {
            Tokens = new ReportedTokens
            {
                Convention = TokenConvention.InputIncludesCache,
                InputTokens = counts.Input,
                ExtraInputTokens = counts.Image,
                CacheReadTokens = hasTokens ? cached : null, // It belongs to the tokens, never to the billed units.
                OutputTokens = counts.Output,
                ReasoningTokens = counts.Reasoning,
            },
            IsOutputPlaceholder = false,
        };
        if (counts.Image is { } images)
        {
            state = state with { TokenDetails = CountsByName.With(state.TokenDetails, "input_image_tokens", images) };
        }

        return hasTokens && (billed.Input ?? billed.Output) is not null
            ? state with { BilledTokens = new TokenUsage { InputTokens = billed.Input ?? 0, OutputTokens = billed.Output ?? 0 } }
            : state;
    }

    private struct Counts
    {
        public bool IsBilled, HasAny;
        public long? Input, Output, Image, Reasoning;

        public void Read(ref Utf8JsonReader reader, IOutputObserver output, ref UsageAccumulator state)
        {
            if (!reader.EnterObject())
            {
                return;
            }

            while (reader.NextProperty(out ReadOnlySpan<byte> name))
            {
                if (name.SequenceEqual("input_tokens"u8))
                {
                    Input = reader.GetCount(name, output);
                }
                else if (name.SequenceEqual("output_tokens"u8))
                {
                    Output = reader.GetCount(name, output);
                }
                else if (name.SequenceEqual("image_tokens"u8))
                {
                    Image = reader.GetCount(name, output);
                }
                else if (name.SequenceEqual("reasoning_tokens"u8))
                {
                    Reasoning = reader.GetCount(name, output);
                }
                else if (IsBilled && (name.SequenceEqual("search_units"u8) || name.SequenceEqual("images"u8) || name.SequenceEqual("classifications"u8)))
                {
                    state = UnitsByName.With(state, Encoding.UTF8.GetString(name), reader.GetAmount());
                    HasAny = true;
                    continue;
                }
                else
                {
                    reader.Skip();
                }

                HasAny |= (Input ?? Output ?? Image) is not null;
            }
        }
    }
}
