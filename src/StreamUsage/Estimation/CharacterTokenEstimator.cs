using System.Text;

namespace StreamUsage.Estimation;

/// <summary>Represents the basic rule: a token is 4 characters (UTF-16 units), and any text costs at least 1. Against
/// reported counts, it misses text by 11 to 29 % in the median, and tool calls by more than half.
/// <see cref="ModelTokenEstimator"/> is closer.</summary>
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

    /// <summary>Returns the tokens of a number of characters, or of bytes of an unread body.</summary>
    internal static long Tokens(long characters) => characters == 0 ? 0 : Math.Max(1, characters / CharactersPerToken);
}
