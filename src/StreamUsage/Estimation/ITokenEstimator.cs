namespace StreamUsage.Estimation;

/// <summary>Counts tokens that the provider did not report. Called off the byte path, from any thread.</summary>
public interface ITokenEstimator
{
    /// <summary>Tokens of a text.</summary>
    /// <param name="model">The model that read or wrote it; null where not known.</param>
    /// <param name="text">The text; empty costs 0.</param>
    int CountTokens(string? model, ReadOnlySpan<char> text);

    /// <summary>Tokens of everything that a request sends.</summary>
    /// <param name="format">The API the request was for.</param>
    /// <param name="model">The model; null where not known.</param>
    /// <param name="requestBody">The request's UTF-8 JSON; empty costs 0.</param>
    long EstimateInputTokens(ApiFormat format, string? model, ReadOnlyMemory<byte> requestBody);

    /// <summary>Tokens of an output as a whole: text, shown reasoning, refusals and tool calls of all choices.</summary>
    /// <param name="format">The API that answered.</param>
    /// <param name="model">The model; null where not known.</param>
    /// <param name="text">
    /// The output in its order, as far as it was kept (<see cref="StreamUsageOptions.MaxRetainedTextBytes"/>); names and arguments of tool calls are in it. Empty where nothing was kept.
    /// </param>
    /// <param name="characters">The UTF-16 units of all output, kept or not; names of tools are not among them. 0, with no text, costs 0.</param>
    long EstimateOutputTokens(ApiFormat format, string? model, string text, long characters);
}
