using System.Text;

namespace StreamUsage.Estimation;

/// <summary>
/// The basic rule: a token is 4 characters (UTF-16 units), and whatever is there costs at least 1. Against counts that providers reported it misses text by 11 to 29 % in the median and
/// tool calls by more than half; <see cref="ModelTokenEstimator"/> is closer.
/// </summary>
public sealed class CharacterTokenEstimator : ITokenEstimator
{
    private const int CharactersPerToken = 4;

    /// <inheritdoc/>
    public int CountTokens(string? model, ReadOnlySpan<char> text) => (int)Tokens(text.Length);

    /// <inheritdoc/>
    public long EstimateInputTokens(ApiFormat format, string? model, ReadOnlyMemory<byte> requestBody) => Tokens(Encoding.UTF8.GetCharCount(requestBody.Span));

    /// <inheritdoc/>
    public long EstimateOutputTokens(ApiFormat format, string? model, string text, long characters) => Tokens(Math.Max(0, characters));

    /// <summary>What so many characters, or bytes of a body too large to be read, cost.</summary>
    internal static long Tokens(long characters) => characters == 0 ? 0 : Math.Max(1, characters / CharactersPerToken);
}
