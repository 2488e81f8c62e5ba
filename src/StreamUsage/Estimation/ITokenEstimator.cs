namespace StreamUsage.Estimation;

/// <summary>Estimates token counts that the provider did not report. The tracker calls it from any thread, for records
/// and for quotes.</summary>
/// <remarks>If a call throws or exceeds <see cref="StreamUsageOptions.EstimationTimeout"/>, the count is that of
/// <see cref="CharacterTokenEstimator"/>, and the record has <see cref="UsageAnomalies.UncertainBill"/>. Counts below 0
/// become 0, and counts above 2^40 become 2^40.</remarks>
public interface ITokenEstimator
{
    /// <summary>Returns the number of tokens of a text.</summary>
    /// <param name="model">The model that read or wrote the text; null if unknown.</param>
    /// <param name="text">The text; empty has 0 tokens.</param>
    int CountTokens(string? model, ReadOnlySpan<char> text);

    /// <summary>Returns the number of input tokens of a request.</summary>
    /// <param name="format">The API of the request.</param>
    /// <param name="model">The model; null if unknown.</param>
    /// <param name="requestBody">The request's UTF-8 JSON, or its <c>multipart/form-data</c>; empty has 0
    /// tokens.</param>
    long EstimateInputTokens(ApiFormat format, string? model, ReadOnlyMemory<byte> requestBody);

    /// <summary>Returns the number of output tokens of a response: text, shown reasoning, refusals and tool calls of
    /// all choices.</summary>
    /// <param name="format">The API that answered.</param>
    /// <param name="model">The model; null if unknown.</param>
    /// <param name="text">The retained output in order, with names and arguments of tool calls
    /// (<see cref="StreamUsageOptions.MaxRetainedTextBytes"/>); empty if nothing was retained.</param>
    /// <param name="characters">The number of UTF-16 units of all output, retained or not, without tool names.</param>
    long EstimateOutputTokens(ApiFormat format, string? model, string text, long characters);
}
