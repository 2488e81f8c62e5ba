using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.UsageObjects;

namespace StreamUsage.Parsing.Gemini;

/// <summary>Reads Gemini's usageMetadata. The prompt includes cached content; tool use prompts and thoughts are
/// separate counts. Each object replaces the one before. A missing count is 0, as protobuf omits zeros, except for the
/// output in the middle of a stream.</summary>
internal static class GeminiUsage
{
    /// <summary>Reads the object that the reader is at.</summary>
    /// <param name="reader">The reader.</param>
    /// <param name="data">The event's data.</param>
    /// <param name="state">The state before the event.</param>
    /// <param name="output">The observer.</param>
    /// <param name="isComplete">Whether the answer is complete, so that a missing output count is 0.</param>
    public static UsageAccumulator Read(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> data, UsageAccumulator state, IOutputObserver output, bool isComplete)
    {
        int start = (int)reader.TokenStartIndex;
        UsageReport report = default;
        state = UsageObject.Read(ref reader, GeminiUsageNames.Metadata, ref report, state, output);
        ReportedTokens tokens = report.ToTokens(TokenConvention.InputIncludesCache | TokenConvention.ReasoningBesideOutput);
        if (!tokens.HasInput && (tokens.OutputTokens ?? tokens.ReasoningTokens) is null)
        {
            return state; // Vertex sends the traffic type in every chunk, and counts in the last.
        }

        output.OnReportedUsage(data[start..(int)reader.BytesConsumed], isCumulative: false);

        // A chunk in the middle may count only its prompt. If its total is no more than that, the output is unknown,
        // but at least the earlier count. A larger total shows that the object counts all, so a missing output is 0.
        if (tokens.OutputTokens is null && (isComplete || CountsMoreThanPrompt(tokens)))
        {
            tokens = tokens with { OutputTokens = 0 };
        }

        return WithDetails(state, report).Replace(tokens);
    }

    private static bool CountsMoreThanPrompt(in ReportedTokens tokens) =>
        tokens.TotalTokens > (tokens.InputTokens ?? 0) + (tokens.ExtraInputTokens ?? 0) + (tokens.ReasoningTokens ?? 0);

    /// <summary>Returns the state with the subsets by modality, which replace earlier ones.</summary>
    public static UsageAccumulator WithDetails(in UsageAccumulator state, in UsageReport report)
    {
        (ModalityCounts prompt, ModalityCounts cache, long? outputVideo) =
            (report.InputModalities, report.CacheModalities, report.OutputModalities.Video);
        if ((prompt.Image ?? prompt.Video ?? cache.Image ?? cache.Video ?? outputVideo) is null && state.TokenDetails.Count == 0)
        {
            return state;
        }

        ReadOnlySpan<(string Name, long? Count)> details =
        [
            ("input_image_tokens", prompt.Image), ("input_video_tokens", prompt.Video), ("cache_read_image_tokens", cache.Image),
                ("cache_read_video_tokens", cache.Video), ("output_video_tokens", outputVideo),
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
}
