using System.Text;
using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing.Mistral;

/// <summary>
/// The usage object of Mistral's Conversations. What connectors (the provider's own tools) brought is counted beside the prompt: in Mistral's documentation the total is prompt, completion and connectors together.
/// </summary>
internal static class MistralUsage
{
    /// <summary>Reads the object that the reader stands on.</summary>
    public static UsageAccumulator Read(ref Utf8JsonReader reader, ReadOnlySpan<byte> data, UsageAccumulator state, IOutputObserver output)
    {
        int start = (int)reader.TokenStartIndex;
        if (!reader.EnterObject())
        {
            return state;
        }

        var tokens = new ReportedTokens { Convention = TokenConvention.InputIncludesCache };
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("prompt_tokens"u8) || name.SequenceEqual("input_tokens"u8))
            {
                tokens = tokens with { InputTokens = reader.GetCount(name, output) };
            }
            else if (name.SequenceEqual("completion_tokens"u8) || name.SequenceEqual("output_tokens"u8))
            {
                tokens = tokens with { OutputTokens = reader.GetCount(name, output) };
            }
            else if (name.SequenceEqual("connector_tokens"u8))
            {
                tokens = tokens with { ExtraInputTokens = reader.GetCount(name, output) };
            }
            else if (name.SequenceEqual("total_tokens"u8))
            {
                tokens = tokens with { TotalTokens = reader.GetCount(name, output) };
            }
            else if (name.SequenceEqual("prompt_tokens_details"u8) || name.SequenceEqual("prompt_token_details"u8))
            {
                ReadDetails(ref reader, ref tokens, output);
            }
            else if (name.SequenceEqual("service_tier"u8))
            {
                state = Utf8Json.WithServiceTier(state, reader.GetName(state.ServiceTier));
            }
            else if (name.SequenceEqual("connectors"u8))
            {
                state = ReadConnectors(ref reader, state, output);
            }
            else
            {
                reader.Skip();
            }
        }

        output.OnReportedUsage(data[start..(int)reader.BytesConsumed], isCumulative: false);
        return state with { Tokens = tokens, IsOutputPlaceholder = false };
    }

    private static void ReadDetails(ref Utf8JsonReader reader, ref ReportedTokens tokens, IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("cached_tokens"u8))
            {
                tokens = tokens with { CacheReadTokens = reader.GetCount(name, output) ?? tokens.CacheReadTokens };
            }
            else
            {
                reader.Skip();
            }
        }
    }

    // {web_search: 1}: uses by tool, under the name that all protocols have for them.
    private static UsageAccumulator ReadConnectors(ref Utf8JsonReader reader, UsageAccumulator state, IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return state;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (reader.GetCount(name, output) is { } uses)
            {
                state = state with { ServerToolUse = CountsByName.With(state.ServerToolUse, Encoding.UTF8.GetString(name) + "_requests", uses) };
            }
        }

        return state;
    }
}
