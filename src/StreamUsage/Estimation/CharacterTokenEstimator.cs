using System.Text;

namespace StreamUsage.Estimation;

/// <summary>The basic rule: a token is 4 characters (UTF-16 units), and whatever is there costs at least 1.</summary>
public sealed class CharacterTokenEstimator : ITokenEstimator
{
    private const int CharactersPerToken = 4;

    /// <inheritdoc/>
    public int CountTokens(string? model, ReadOnlySpan<char> text) => (int)Tokens(text.Length);

    /// <inheritdoc/>
    public long EstimateInputTokens(ApiFormat format, string? model, ReadOnlyMemory<byte> requestBody) => Tokens(Encoding.UTF8.GetCharCount(requestBody.Span));

    /// <inheritdoc/>
    public long EstimateOutputTokens(ApiFormat format, string? model, long outputCharacters)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(outputCharacters);
        return Tokens(outputCharacters);
    }

    private static long Tokens(long characters) => characters == 0 ? 0 : Math.Max(1, characters / CharactersPerToken);
}
