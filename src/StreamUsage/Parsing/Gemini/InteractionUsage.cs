using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing.Gemini;

/// <summary>
/// The usage object of Gemini Interactions, in snake case (Gemini API) or camel case (Vertex). Its input includes what was cached; thoughts are counted beside the output, and the prompts of tools beside the input.
/// </summary>
internal static class InteractionUsage
{
    /// <summary>Reads the object.</summary>
    /// <param name="usage">The object.</param>
    /// <param name="state">The state before it.</param>
    /// <param name="output">Told of the object, and of counts that are none.</param>
    /// <param name="isFinal">Whether it is the answer's; else it counts what there is so far, which the output is no less than.</param>
    public static UsageAccumulator Read(ReadOnlySpan<byte> usage, UsageAccumulator state, IOutputObserver output, bool isFinal)
    {
        Utf8JsonReader reader = Utf8Json.ReadValue(usage);
        if (!reader.EnterObject())
        {
            return state;
        }

        var tokens = new ReportedTokens { Convention = TokenConvention.InputIncludesCache | TokenConvention.ReasoningBesideOutput };
        ModalityTokens input = default, cached = default, written = default;
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (Is(name, "total_input_tokens"u8, "totalInputTokens"u8))
            {
                tokens = tokens with { InputTokens = reader.GetCount(name, output) };
            }
            else if (Is(name, "total_tool_use_tokens"u8, "totalToolUseTokens"u8))
            {
                tokens = tokens with { ExtraInputTokens = reader.GetCount(name, output) };
            }
            else if (Is(name, "total_cached_tokens"u8, "totalCachedTokens"u8))
            {
                tokens = tokens with { CacheReadTokens = reader.GetCount(name, output) };
            }
            else if (Is(name, "total_output_tokens"u8, "totalOutputTokens"u8))
            {
                tokens = tokens with { OutputTokens = reader.GetCount(name, output) };
            }
            else if (Is(name, "total_thought_tokens"u8, "totalThoughtTokens"u8))
            {
                tokens = tokens with { ReasoningTokens = reader.GetCount(name, output) };
            }
            else if (Is(name, "total_tokens"u8, "totalTokens"u8))
            {
                tokens = tokens with { TotalTokens = reader.GetCount(name, output) };
            }
            else if (Is(name, "input_tokens_by_modality"u8, "inputTokensByModality"u8) || Is(name, "tool_use_tokens_by_modality"u8, "toolUseTokensByModality"u8))
            {
                input.Read(ref reader, output);
            }
            else if (Is(name, "cached_tokens_by_modality"u8, "cachedTokensByModality"u8))
            {
                cached.Read(ref reader, output);
            }
            else if (Is(name, "output_tokens_by_modality"u8, "outputTokensByModality"u8))
            {
                written.Read(ref reader, output);
            }
            else if (Is(name, "grounding_tool_count"u8, "groundingToolCount"u8))
            {
                state = ReadTools(ref reader, state, output);
            }
            else
            {
                reader.Skip();
            }
        }

        if (!tokens.HasInput && (tokens.OutputTokens ?? tokens.ReasoningTokens) is null)
        {
            return state;
        }

        output.OnReportedUsage(usage, isCumulative: false);
        return WithDetails(state, input, cached, written) with
        {
            // Zeros are left out, as in all of Google's JSON.
            Tokens = tokens with
            {
                OutputTokens = tokens.OutputTokens ?? 0,
                InputAudioTokens = input.Audio,
                CacheReadAudioTokens = cached.Audio,
                OutputAudioTokens = written.Audio,
                OutputImageTokens = written.Image,
            },
            IsOutputPlaceholder = !isFinal,
        };
    }

    private static bool Is(scoped ReadOnlySpan<byte> name, ReadOnlySpan<byte> snake, ReadOnlySpan<byte> camel) => name.SequenceEqual(snake) || name.SequenceEqual(camel);

    private static UsageAccumulator WithDetails(UsageAccumulator state, in ModalityTokens input, in ModalityTokens cached, in ModalityTokens written)
    {
        state = ModalityTokens.WithDetail(state, "input_image_tokens", input.Image);
        state = ModalityTokens.WithDetail(state, "input_video_tokens", input.Video);
        state = ModalityTokens.WithDetail(state, "cache_read_image_tokens", cached.Image);
        state = ModalityTokens.WithDetail(state, "cache_read_video_tokens", cached.Video);
        return ModalityTokens.WithDetail(state, "output_video_tokens", written.Video);
    }

    // [{type: google_search | google_maps | retrieval, count}]: what is billed, where it is said, in place of the calls that were seen.
    private static UsageAccumulator ReadTools(ref Utf8JsonReader reader, UsageAccumulator state, IOutputObserver output)
    {
        if (!reader.EnterArray())
        {
            return state;
        }

        IReadOnlyDictionary<string, long> uses = UsageRecord.EmptyCounts;
        while (reader.NextElement())
        {
            if (!reader.EnterObject())
            {
                continue;
            }

            string? type = null;
            long? count = null;
            while (reader.NextProperty(out ReadOnlySpan<byte> name))
            {
                if (name.SequenceEqual("type"u8))
                {
                    type = reader.GetName();
                }
                else if (name.SequenceEqual("count"u8))
                {
                    count = reader.GetCount(name, output);
                }
                else
                {
                    reader.Skip();
                }
            }

            if (type is not null && count is { } known)
            {
                uses = CountsByName.With(uses, type + "_requests", uses.GetValueOrDefault(type + "_requests") + known);
            }
        }

        foreach ((string tool, long count) in uses)
        {
            state = state with { ServerToolUse = CountsByName.With(state.ServerToolUse, tool, count) };
        }

        return state;
    }
}
