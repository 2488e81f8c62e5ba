using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing.Anthropic;

/// <summary>
/// Anthropic's usage object. Its input excludes cached tokens. <c>message_delta</c>'s is cumulative and replaces <c>message_start</c>'s field by field.
/// </summary>
internal static class ClaudeUsage
{
    // A response makes few model calls: Anthropic's own loop over its tools pauses after ten. So many, with names of so many characters, come to 24 KB.
    private const int MaxIterations = 32;
    private const int MaxNameLength = 128;

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
                state = Utf8Json.WithServiceTier(state, reader.GetName(state.ServiceTier));
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

        output.OnReportedUsage(data[start..(int)reader.BytesConsumed], isCumulative: !isStart);
        return isStart ? state with { Tokens = tokens, IsOutputPlaceholder = tokens.OutputTokens is not null } : state.Merge(tokens);
    }

    private static List<UsageIteration> ReadIterations(ref Utf8JsonReader reader, IOutputObserver output)
    {
        var iterations = new List<UsageIteration>();
        while (reader.NextElement())
        {
            if (!reader.EnterObject())
            {
                continue;
            }

            string type = "";
            string? model = null;
            ReportedTokens tokens = default;
            while (reader.NextProperty(out ReadOnlySpan<byte> name))
            {
                if (name.SequenceEqual("type"u8))
                {
                    type = reader.GetName(iterations.LastOrDefault()?.Type, MaxNameLength) ?? type;
                }
                else if (name.SequenceEqual("model"u8))
                {
                    model = reader.GetName(iterations.LastOrDefault()?.Model, MaxNameLength) ?? model;
                }
                else if (!TryReadCount(ref reader, name, ref tokens, output))
                {
                    reader.Skip();
                }
            }

            Add(iterations, new UsageIteration { Type = type, Model = model, Usage = tokens.Normalize() });
        }

        return iterations;
    }

    // What is billed is the sum of them all: past the bound a call is counted with one of its kind and model, or else with the last.
    private static void Add(List<UsageIteration> iterations, UsageIteration iteration)
    {
        if (iterations.Count < MaxIterations)
        {
            iterations.Add(iteration);
            return;
        }

        int same = iterations.FindLastIndex(other => other.Type == iteration.Type && other.Model == iteration.Model);
        int at = same < 0 ? MaxIterations - 1 : same;
        iterations[at] = iterations[at] with { Usage = iterations[at].Usage + iteration.Usage };
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
            CacheLifetimes.Read(ref reader, ref tokens, output);
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
