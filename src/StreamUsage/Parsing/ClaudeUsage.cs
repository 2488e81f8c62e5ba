using System.Text.Json;
using StreamUsage.Accounting;

namespace StreamUsage.Parsing;

/// <summary>
/// Anthropic's usage object. Its input excludes cached tokens. <c>message_delta</c>'s is cumulative and replaces <c>message_start</c>'s field by field.
/// </summary>
internal static class ClaudeUsage
{
    private const int MaxIterations = 1024;

    public static UsageAccumulator Read(ref Utf8JsonReader reader, ReadOnlySpan<byte> data, UsageAccumulator state, IOutputObserver output, bool isStart)
    {
        int start = (int)reader.TokenStartIndex;
        if (!reader.EnterObject())
        {
            return state;
        }

        ReportedTokens tokens = default;
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (TryReadCount(ref reader, name, ref tokens, output))
            {
                continue;
            }

            if (name.SequenceEqual("iterations"u8))
            {
                if (reader.EnterArray())
                {
                    state = state with { Iterations = ReadIterations(ref reader, output) };
                }
            }
            else if (name.SequenceEqual("server_tool_use"u8))
            {
                state = state with { ServerToolUse = CountsByName.Read(ref reader, state.ServerToolUse, output) };
            }
            else if (name.SequenceEqual("service_tier"u8))
            {
                state = Json.WithServiceTier(state, reader.GetName(state.ServiceTier));
            }
            else if (name.SequenceEqual("speed"u8))
            {
                state = reader.GetName(state.Speed) is { } speed ? state with { Speed = speed } : state;
            }
            else if (name.SequenceEqual("inference_geo"u8))
            {
                state = reader.GetName(state.InferenceGeo) is { } geo ? state with { InferenceGeo = geo } : state;
            }
            else
            {
                reader.Skip();
            }
        }

        output.ReportedUsage(data[start..(int)reader.BytesConsumed], isCumulative: !isStart);
        return isStart ? state with { Tokens = tokens, IsOutputPlaceholder = tokens.OutputTokens is not null } : state.Merge(tokens);
    }

    private static List<UsageIteration> ReadIterations(ref Utf8JsonReader reader, IOutputObserver output)
    {
        var iterations = new List<UsageIteration>();
        while (reader.NextElement())
        {
            if (iterations.Count == MaxIterations || !reader.EnterObject())
            {
                reader.Skip();
                continue;
            }

            string type = "";
            string? model = null;
            ReportedTokens tokens = default;
            while (reader.NextProperty(out ReadOnlySpan<byte> name))
            {
                if (name.SequenceEqual("type"u8))
                {
                    type = reader.GetName() ?? type;
                }
                else if (name.SequenceEqual("model"u8))
                {
                    model = reader.GetName() ?? model;
                }
                else if (!TryReadCount(ref reader, name, ref tokens, output))
                {
                    reader.Skip();
                }
            }

            iterations.Add(new UsageIteration { Type = type, Model = model, Usage = tokens.Normalize() });
        }

        return iterations;
    }

    private static bool TryReadCount(ref Utf8JsonReader reader, scoped ReadOnlySpan<byte> name, ref ReportedTokens tokens, IOutputObserver output)
    {
        if (name.SequenceEqual("input_tokens"u8))
        {
            tokens = tokens with { InputTokens = reader.GetCount(name, output) };
        }
        else if (name.SequenceEqual("output_tokens"u8))
        {
            tokens = tokens with { OutputTokens = reader.GetCount(name, output) };
        }
        else if (name.SequenceEqual("cache_read_input_tokens"u8))
        {
            tokens = tokens with { CacheReadTokens = reader.GetCount(name, output) };
        }
        else if (name.SequenceEqual("cache_creation_input_tokens"u8))
        {
            tokens = tokens with { CacheCreationTokens = reader.GetCount(name, output) };
        }
        else if (name.SequenceEqual("claude_cache_creation_5_m_tokens"u8))
        {
            tokens = tokens with { CacheCreation5mTokens = reader.GetCount(name, output) ?? tokens.CacheCreation5mTokens };
        }
        else if (name.SequenceEqual("claude_cache_creation_1_h_tokens"u8))
        {
            tokens = tokens with { CacheCreation1hTokens = reader.GetCount(name, output) ?? tokens.CacheCreation1hTokens };
        }
        else if (name.SequenceEqual("cache_creation"u8))
        {
            ReadCacheCreation(ref reader, ref tokens, output);
        }
        else if (name.SequenceEqual("output_tokens_details"u8))
        {
            ReadOutputDetails(ref reader, ref tokens, output);
        }
        else
        {
            return false;
        }

        return true;
    }

    private static void ReadCacheCreation(ref Utf8JsonReader reader, ref ReportedTokens tokens, IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("ephemeral_5m_input_tokens"u8))
            {
                tokens = tokens with { CacheCreation5mTokens = reader.GetCount(name, output) ?? tokens.CacheCreation5mTokens };
            }
            else if (name.SequenceEqual("ephemeral_1h_input_tokens"u8))
            {
                tokens = tokens with { CacheCreation1hTokens = reader.GetCount(name, output) ?? tokens.CacheCreation1hTokens };
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private static void ReadOutputDetails(ref Utf8JsonReader reader, ref ReportedTokens tokens, IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("thinking_tokens"u8))
            {
                tokens = tokens with { ReasoningTokens = reader.GetCount(name, output) };
            }
            else
            {
                reader.Skip();
            }
        }
    }
}
