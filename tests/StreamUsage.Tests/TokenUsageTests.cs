using CsCheck;

namespace StreamUsage.Tests;

/// <summary>Tokens by bucket, and their sum.</summary>
public sealed class TokenUsageTests
{
    private static readonly Gen<long?> Subset = Gen.Frequency<long?>((1, Gen.Const<long?>((long?)null)), (2, Gen.Long[-2, 1000].Select(n => (long?)n)));

    private static readonly Gen<TokenUsage> Usage = Gen.Select(Gen.Long[0, 1L << 53].Array[6], Subset.Array[5], (n, s) => new TokenUsage
    {
        InputTokens = n[0],
        CacheReadInputTokens = n[1],
        CacheCreationInputTokens = n[2],
        CacheCreation5mInputTokens = n[3],
        CacheCreation1hInputTokens = n[4],
        OutputTokens = n[5],
        ReasoningTokens = s[0],
        InputAudioTokens = s[1],
        CacheReadAudioTokens = s[2],
        OutputAudioTokens = s[3],
        OutputImageTokens = s[4],
    });

    [Fact]
    public void Addition_is_bucket_by_bucket_and_a_subset_is_unknown_only_where_both_are() => Gen.Select(Usage, Usage).Sample((a, b) =>
    {
        TokenUsage sum = a + b;

        sum.Should().Be(TokenUsage.Add(b, a));
        Buckets(sum).Should().Equal(Buckets(a).Zip(Buckets(b), (x, y) => x + y));
        Subsets(sum).Should().Equal(Subsets(a).Zip(Subsets(b), (x, y) => x is null && y is null ? (long?)null : (x ?? 0) + (y ?? 0)));
        sum.TotalTokens.Should().Be(a.TotalTokens + b.TotalTokens);
        (a + default(TokenUsage)).Should().Be(a);
    });

    [Fact]
    public void Subsets_are_never_part_of_a_total()
    {
        var usage = new TokenUsage { InputTokens = 1, CacheReadInputTokens = 2, CacheCreationInputTokens = 4, CacheCreation5mInputTokens = 3, CacheCreation1hInputTokens = 1, OutputTokens = 8, ReasoningTokens = 7, InputAudioTokens = 1, OutputAudioTokens = 2, OutputImageTokens = 3, CacheReadAudioTokens = 1 };

        usage.TotalInputTokens.Should().Be(7);
        usage.TotalTokens.Should().Be(15);
    }

    private static long[] Buckets(TokenUsage u) => [u.InputTokens, u.CacheReadInputTokens, u.CacheCreationInputTokens, u.CacheCreation5mInputTokens, u.CacheCreation1hInputTokens, u.OutputTokens];

    private static long?[] Subsets(TokenUsage u) => [u.ReasoningTokens, u.InputAudioTokens, u.CacheReadAudioTokens, u.OutputAudioTokens, u.OutputImageTokens];
}
