using System.Text;

namespace StreamUsage.Estimation;

/// <summary>Estimates one token for 4 characters (UTF-16 units), and at least 1 for any text. Thread-safe.</summary>
/// <remarks>The median error against reported counts is 11 to 29 % for text, and more than half for tool calls.
/// <see cref="ModelTokenEstimator"/> is closer.</remarks>
public sealed class CharacterTokenEstimator : ITokenEstimator
{
    private const int CharactersPerToken = 4;

    /// <inheritdoc/>
    public int CountTokens(string? model, ReadOnlySpan<char> text) => (int)Tokens(text.Length);

    /// <inheritdoc/>
    public long EstimateInputTokens(ApiFormat format, string? model, ReadOnlyMemory<byte> requestBody) =>
        Tokens(Encoding.UTF8.GetCharCount(requestBody.Span));

    /// <inheritdoc/>
    public long EstimateOutputTokens(ApiFormat format, string? model, string text, long characters) => Tokens(Math.Max(0, characters));

    /// <summary>Returns the tokens of a number of characters, or of bytes of a body that is not read.</summary>
    internal static long Tokens(long characters) => characters == 0 ? 0 : Math.Max(1, characters / CharactersPerToken);
}
