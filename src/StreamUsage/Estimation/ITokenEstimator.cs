namespace StreamUsage.Estimation;

/// <summary>Estimates tokens that the provider did not report. Called off the byte path, from any thread.</summary>
public interface ITokenEstimator
{
    /// <summary>Returns the tokens of a text.</summary>
    /// <param name="model">The model that read or wrote the text; null if unknown.</param>
    /// <param name="text">The text; empty costs 0.</param>
    int CountTokens(string? model, ReadOnlySpan<char> text);

    /// <summary>Returns the tokens of a whole request.</summary>
    /// <param name="format">The API of the request.</param>
    /// <param name="model">The model; null if unknown.</param>
    /// <param name="requestBody">The request's UTF-8 JSON; empty costs 0.</param>
    long EstimateInputTokens(ApiFormat format, string? model, ReadOnlyMemory<byte> requestBody);

    /// <summary>Returns the tokens of a whole output: text, shown reasoning, refusals and tool calls of all
    /// choices.</summary>
    /// <param name="format">The API that answered.</param>
    /// <param name="model">The model; null if unknown.</param>
    /// <param name="text">The retained output in order, with names and arguments of tool calls
    /// (<see cref="StreamUsageOptions.MaxRetainedTextBytes"/>); empty if nothing was retained.</param>
    /// <param name="characters">The UTF-16 units of all output, retained or not, without names of tools.</param>
    long EstimateOutputTokens(ApiFormat format, string? model, string text, long characters);
}
