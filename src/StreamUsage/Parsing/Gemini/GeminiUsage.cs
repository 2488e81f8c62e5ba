using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing.Gemini;

/// <summary>
/// Gemini's usageMetadata. Its prompt includes cached content; the prompt of tool use and thoughts are counted beside prompt and candidates. Each is cumulative and replaces the one before as a
/// whole: what is left out is 0, as protobuf leaves out zeros.
/// </summary>
internal static class GeminiUsage
{
    /// <summary>Reads the object that the reader stands on.</summary>
    /// <param name="reader">The reader.</param>
    /// <param name="data">The event that it reads.</param>
    /// <param name="state">The state before it.</param>
    /// <param name="output">Told of the object, and of counts that are none.</param>
    /// <param name="isComplete">Whether the answer is complete, so that an output that is left out is 0.</param>
    public static UsageAccumulator Read(ref Utf8JsonReader reader, ReadOnlySpan<byte> data, UsageAccumulator state, IOutputObserver output, bool isComplete)
    {
        int start = (int)reader.TokenStartIndex;
        reader.EnterObject();
        long? input = null, toolInput = null, cacheRead = null, candidateTokens = null, thoughts = null, total = null;
        Modalities prompt = default, cache = default, candidates = default;
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("promptTokenCount"u8))
            {
                input = reader.GetCount(name, output);
            }
            else if (name.SequenceEqual("candidatesTokenCount"u8) || name.SequenceEqual("responseTokenCount"u8))
            {
                candidateTokens = reader.GetCount(name, output);
            }
            else if (name.SequenceEqual("totalTokenCount"u8))
            {
                total = reader.GetCount(name, output);
            }
            else if (name.SequenceEqual("thoughtsTokenCount"u8))
            {
                thoughts = reader.GetCount(name, output);
            }
            else if (name.SequenceEqual("cachedContentTokenCount"u8))
            {
                cacheRead = reader.GetCount(name, output);
            }
            else if (name.SequenceEqual("toolUsePromptTokenCount"u8))
            {
                toolInput = reader.GetCount(name, output);
            }
            else if (name.SequenceEqual("promptTokensDetails"u8) || name.SequenceEqual("toolUsePromptTokensDetails"u8))
            {
                prompt.Read(ref reader, output);
            }
            else if (name.SequenceEqual("cacheTokensDetails"u8))
            {
                cache.Read(ref reader, output);
            }
            else if (name.SequenceEqual("candidatesTokensDetails"u8) || name.SequenceEqual("responseTokensDetails"u8))
            {
                candidates.Read(ref reader, output);
            }
            else if (name.SequenceEqual("trafficType"u8) || name.SequenceEqual("serviceTier"u8))
            {
                state = Utf8Json.WithServiceTier(state, reader.GetName(state.ServiceTier));
            }
            else
            {
                reader.Skip();
            }
        }

        if ((input ?? toolInput ?? cacheRead ?? candidateTokens ?? thoughts) is null)
        {
            return state; // Says the traffic type alone: Vertex has it in every chunk, and counts in the last.
        }

        output.OnReportedUsage(data[start..(int)reader.BytesConsumed], isCumulative: false);
        var tokens = new ReportedTokens
        {
            Convention = TokenConvention.InputIncludesCache | TokenConvention.ReasoningBesideOutput,
            InputTokens = input,
            ExtraInputTokens = toolInput,
            CacheReadTokens = cacheRead,
            OutputTokens = candidateTokens,
            ReasoningTokens = thoughts,
            TotalTokens = total,
            InputAudioTokens = prompt.Audio,
            CacheReadAudioTokens = cache.Audio,
            OutputAudioTokens = candidates.Audio,
            OutputImageTokens = candidates.Image,
        };
        return WithOutput(WithDetails(state, prompt, cache, candidates.Video), tokens, isComplete);
    }

    // A chunk in the middle may count its prompt alone, after others that counted output, or before: then the output is not known, but no less than was counted before.
    private static UsageAccumulator WithOutput(in UsageAccumulator state, in ReportedTokens tokens, bool isComplete)
    {
        if (tokens.OutputTokens is not null)
        {
            return state with { Tokens = tokens, IsOutputPlaceholder = false };
        }

        if (isComplete || CountsMoreThanPrompt(tokens))
        {
            return state with { Tokens = tokens with { OutputTokens = 0 }, IsOutputPlaceholder = false };
        }

        return state with
        {
            Tokens = tokens with { OutputTokens = state.Tokens.OutputTokens ?? 0, ReasoningTokens = tokens.ReasoningTokens ?? state.Tokens.ReasoningTokens },
            IsOutputPlaceholder = true,
        };
    }

    private static bool CountsMoreThanPrompt(in ReportedTokens tokens) =>
        tokens.TotalTokens > (tokens.InputTokens ?? 0) + (tokens.ExtraInputTokens ?? 0) + (tokens.ReasoningTokens ?? 0);

    private static UsageAccumulator WithDetails(in UsageAccumulator state, in Modalities prompt, in Modalities cache, long? outputVideo)
    {
        if ((prompt.Image ?? prompt.Video ?? cache.Image ?? cache.Video ?? outputVideo) is null && state.TokenDetails.Count == 0)
        {
            return state;
        }

        ReadOnlySpan<(string Name, long? Count)> details =
        [
            ("input_image_tokens", prompt.Image), ("input_video_tokens", prompt.Video), ("cache_read_image_tokens", cache.Image), ("cache_read_video_tokens", cache.Video), ("output_video_tokens", outputVideo),
        ];
        int count = 0;
        bool isSame = true;
        foreach ((string name, long? tokens) in details)
        {
            count += tokens is null ? 0 : 1;
            isSame &= tokens is null || (state.TokenDetails.TryGetValue(name, out long known) && known == tokens);
        }

        if (isSame && count == state.TokenDetails.Count)
        {
            return state;
        }

        var counts = new Dictionary<string, long>(count);
        foreach ((string name, long? tokens) in details)
        {
            if (tokens is { } known)
            {
                counts.Add(name, known);
            }
        }

        return state with { TokenDetails = counts };
    }

    /// <summary>Tokens by modality, of all lists that were read; documents are images.</summary>
    private struct Modalities
    {
        private long? _image, _document;

        public long? Audio { get; private set; }

        public long? Video { get; private set; }

        public readonly long? Image => Sum(_image, _document);

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

        private void ReadOne(ref Utf8JsonReader reader, IOutputObserver output)
        {
            ReadOnlySpan<byte> modality = default;
            long? tokens = 0;
            while (reader.NextProperty(out ReadOnlySpan<byte> name))
            {
                if (name.SequenceEqual("modality"u8) && reader.TokenType == JsonTokenType.String)
                {
                    modality = reader.ValueSpan;
                }
                else if (name.SequenceEqual("tokenCount"u8))
                {
                    tokens = reader.GetCount(name, output);
                }
                else
                {
                    reader.Skip();
                }
            }

            if (modality.SequenceEqual("AUDIO"u8))
            {
                Audio = Sum(Audio, tokens);
            }
            else if (modality.SequenceEqual("IMAGE"u8))
            {
                _image = Sum(_image, tokens);
            }
            else if (modality.SequenceEqual("DOCUMENT"u8))
            {
                _document = Sum(_document, tokens);
            }
            else if (modality.SequenceEqual("VIDEO"u8))
            {
                Video = Sum(Video, tokens);
            }
        }

        private static long? Sum(long? first, long? second) => first is null ? second : first + (second ?? 0);
    }
}
