using System.Text;
using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing.OpenAI;

/// <summary>
/// OpenAI's usage object under the names of Chat Completions and of Responses, and those of the many that speak like them. Its input includes cached and cache-write tokens;
/// its output includes reasoning, but for xAI, whose total tells, and for Perplexity, which counts reasoning and citations beside it.
/// </summary>
internal static class OpenAIUsage
{
    private const decimal DollarsPerTick = 0.0000000001m;

    /// <summary>Reads the object that the reader stands on. <paramref name="isCumulative"/>: fields replace those known before, and the others stay.</summary>
    public static UsageAccumulator Read(ref Utf8JsonReader reader, ReadOnlySpan<byte> data, UsageAccumulator state, IOutputObserver output, bool isCumulative)
    {
        int start = (int)reader.TokenStartIndex;
        if (!reader.EnterObject())
        {
            return state;
        }

        var tokens = new ReportedTokens { Convention = TokenConvention.InputIncludesCache };
        long? citations = null, searches = null;
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("prompt_tokens"u8) || name.SequenceEqual("input_tokens"u8))
            {
                tokens = tokens with { InputTokens = reader.GetCount(name, output) ?? tokens.InputTokens };
            }
            else if (name.SequenceEqual("completion_tokens"u8) || name.SequenceEqual("output_tokens"u8))
            {
                tokens = tokens with { OutputTokens = reader.GetCount(name, output) ?? tokens.OutputTokens };
            }
            else if (name.SequenceEqual("total_tokens"u8))
            {
                tokens = tokens with { TotalTokens = reader.GetCount(name, output) };
            }
            else if (name.SequenceEqual("prompt_tokens_details"u8) || name.SequenceEqual("input_tokens_details"u8))
            {
                state = ReadInputDetails(ref reader, ref tokens, state, output);
            }
            else if (name.SequenceEqual("completion_tokens_details"u8) || name.SequenceEqual("output_tokens_details"u8))
            {
                state = ReadOutputDetails(ref reader, ref tokens, state, output);
            }
            else if (name.SequenceEqual("prompt_cache_hit_tokens"u8) || name.SequenceEqual("cached_tokens"u8))
            {
                // DeepSeek's and Moonshot's names; the details' own stands where there are both.
                long? hits = reader.GetCount(name, output);
                tokens = tokens with { CacheReadTokens = tokens.CacheReadTokens ?? hits };
            }
            else if (name.SequenceEqual("reasoning_tokens"u8))
            {
                long? reasoning = reader.GetCount(name, output);
                tokens = tokens with { ReasoningTokens = tokens.ReasoningTokens ?? reasoning };
            }
            else if (name.SequenceEqual("citation_tokens"u8))
            {
                citations = reader.GetCount(name, output);
                state = WithDetail(state, "output_citation_tokens", citations);
            }
            else if (name.SequenceEqual("num_search_queries"u8))
            {
                searches = reader.GetCount(name, output);
                state = searches is { } count ? state with { ServerToolUse = CountsByName.With(state.ServerToolUse, "web_search_requests", count) } : state;
            }
            else
            {
                state = ReadBesideTokens(ref reader, name, state, output);
            }
        }

        // Only Perplexity says these. Its total does not tell what its completion leaves out: it leaves it out as well.
        if ((citations ?? searches) is not null)
        {
            tokens = tokens with { Convention = tokens.Convention | TokenConvention.ReasoningBesideOutput, OutputTokens = tokens.OutputTokens + (citations ?? 0) };
        }

        output.OnReportedUsage(data[start..(int)reader.BytesConsumed], isCumulative);
        return isCumulative ? state.Merge(tokens) : state with { Tokens = tokens };
    }

    private static UsageAccumulator ReadInputDetails(ref Utf8JsonReader reader, ref ReportedTokens tokens, UsageAccumulator state, IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return state;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("cached_tokens"u8))
            {
                tokens = tokens with { CacheReadTokens = reader.GetCount(name, output) ?? tokens.CacheReadTokens };
            }
            else if (IsCacheWrite(name))
            {
                long? writes = reader.GetCount(name, output);
                tokens = writes < tokens.CacheCreationTokens ? tokens : tokens with { CacheCreationTokens = writes ?? tokens.CacheCreationTokens };
            }
            else if (name.SequenceEqual("cache_creation"u8) || name.SequenceEqual("cache_creation_token_details"u8))
            {
                CacheLifetimes.Read(ref reader, ref tokens, output);
            }
            else if (name.SequenceEqual("audio_tokens"u8))
            {
                tokens = tokens with { InputAudioTokens = reader.GetCount(name, output) };
            }
            else if (name.SequenceEqual("image_tokens"u8))
            {
                state = WithDetail(state, "input_image_tokens", reader.GetCount(name, output));
            }
            else if (name.SequenceEqual("video_tokens"u8))
            {
                state = WithDetail(state, "input_video_tokens", reader.GetCount(name, output));
            }
            else if (name.SequenceEqual("cached_tokens_details"u8))
            {
                state = ReadCachedDetails(ref reader, ref tokens, state, output);
            }
            else
            {
                reader.Skip();
            }
        }

        return state;
    }

    // OpenRouter's name, Alibaba's and LiteLLM's, some side by side. Beside the details they are not looked for: there they say what is Anthropic's, whose input excludes them.
    private static bool IsCacheWrite(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("cache_write_tokens"u8) || name.SequenceEqual("cache_creation_input_tokens"u8) || name.SequenceEqual("cache_creation_tokens"u8);

    private static UsageAccumulator ReadCachedDetails(ref Utf8JsonReader reader, ref ReportedTokens tokens, UsageAccumulator state, IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return state;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("audio_tokens"u8))
            {
                tokens = tokens with { CacheReadAudioTokens = reader.GetCount(name, output) };
            }
            else if (name.SequenceEqual("image_tokens"u8))
            {
                state = WithDetail(state, "cache_read_image_tokens", reader.GetCount(name, output));
            }
            else
            {
                reader.Skip();
            }
        }

        return state;
    }

    private static UsageAccumulator ReadOutputDetails(ref Utf8JsonReader reader, ref ReportedTokens tokens, UsageAccumulator state, IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return state;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("reasoning_tokens"u8))
            {
                tokens = tokens with { ReasoningTokens = reader.GetCount(name, output) ?? tokens.ReasoningTokens };
            }
            else if (name.SequenceEqual("audio_tokens"u8))
            {
                tokens = tokens with { OutputAudioTokens = reader.GetCount(name, output) };
            }
            else if (name.SequenceEqual("image_tokens"u8))
            {
                tokens = tokens with { OutputImageTokens = reader.GetCount(name, output) };
            }
            else
            {
                reader.Skip();
            }
        }

        return state;
    }

    // Cost and server tools: OpenRouter, xAI and Perplexity put them into the usage object.
    private static UsageAccumulator ReadBesideTokens(ref Utf8JsonReader reader, scoped ReadOnlySpan<byte> name, UsageAccumulator state, IOutputObserver output)
    {
        if (name.SequenceEqual("cost"u8))
        {
            return WithCost(state, ReadCost(ref reader));
        }

        if (name.SequenceEqual("cost_in_usd_ticks"u8))
        {
            return WithCost(state, reader.GetAmount() * DollarsPerTick);
        }

        if (name.SequenceEqual("server_tool_use"u8) || name.SequenceEqual("server_tool_use_details"u8))
        {
            return state with { ServerToolUse = CountsByName.Read(ref reader, state.ServerToolUse, output) };
        }

        if (name.SequenceEqual("server_side_tool_usage_details"u8))
        {
            return ReadServerSideTools(ref reader, state, output);
        }

        reader.Skip();
        return state;
    }

    // xAI's {web_search_calls, x_search_calls, …}, under the name that the others have for a use.
    private static UsageAccumulator ReadServerSideTools(ref Utf8JsonReader reader, UsageAccumulator state, IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return state;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.EndsWith("_calls"u8) && reader.GetCount(name, output) is { } count)
            {
                string tool = Encoding.UTF8.GetString(name[..^"_calls"u8.Length]) + "_requests";
                state = state with { ServerToolUse = CountsByName.With(state.ServerToolUse, tool, count) };
            }
            else
            {
                reader.Skip();
            }
        }

        return state;
    }

    private static decimal? ReadCost(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Number)
        {
            return reader.GetAmount();
        }

        decimal? total = null;
        if (reader.EnterObject())
        {
            while (reader.NextProperty(out ReadOnlySpan<byte> name))
            {
                if (name.SequenceEqual("total_cost"u8))
                {
                    total = reader.GetAmount();
                }
                else
                {
                    reader.Skip();
                }
            }
        }

        return total;
    }

    private static UsageAccumulator WithCost(in UsageAccumulator state, decimal? cost) =>
        cost is null || cost == state.ReportedCost ? state : state with { ReportedCost = cost };

    private static UsageAccumulator WithDetail(in UsageAccumulator state, string name, long? count)
    {
        if (count is null)
        {
            return state;
        }

        IReadOnlyDictionary<string, long> details = CountsByName.With(state.TokenDetails, name, count.GetValueOrDefault());
        return ReferenceEquals(details, state.TokenDetails) ? state : state with { TokenDetails = details };
    }
}
