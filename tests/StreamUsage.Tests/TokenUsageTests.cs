using CsCheck;

namespace StreamUsage.Tests;

/// <summary>Tokens by bucket, and their sum.</summary>
public sealed class TokenUsageTests
{
    private static readonly Gen<long?> Subset =
        Gen.Frequency<long?>((1, Gen.Const<long?>((long?)null)), (2, Gen.Long[0, 1000].Select(n => (long?)n)));

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
        var usage = new TokenUsage
        {
            InputTokens = 1,
            CacheReadInputTokens = 2,
            CacheCreationInputTokens = 4,
            CacheCreation5mInputTokens = 3,
            CacheCreation1hInputTokens = 1,
            OutputTokens = 8,
            ReasoningTokens = 7,
            InputAudioTokens = 1,
            OutputAudioTokens = 2,
            OutputImageTokens = 3,
            CacheReadAudioTokens = 1,
        };

        usage.TotalInputTokens.Should().Be(7);
        usage.TotalTokens.Should().Be(15);
    }

    [Fact]
    public void Addition_stops_at_the_largest_count_in_each_bucket_and_subset()
    {
        const long Huge = long.MaxValue - 1;
        var usage = new TokenUsage
        {
            InputTokens = Huge,
            CacheReadInputTokens = Huge,
            CacheCreationInputTokens = Huge,
            CacheCreation5mInputTokens = Huge,
            CacheCreation1hInputTokens = Huge,
            OutputTokens = Huge,
            ReasoningTokens = Huge,
            InputAudioTokens = Huge,
            CacheReadAudioTokens = Huge,
            OutputAudioTokens = Huge,
            OutputImageTokens = Huge,
        };

        TokenUsage sum = usage + usage + usage;

        Buckets(sum).Should().AllBeEquivalentTo(long.MaxValue);
        Subsets(sum).Should().AllBeEquivalentTo(long.MaxValue);
    }

    [Fact]
    public void Totals_stop_at_the_largest_count()
    {
        var usage = new TokenUsage
        {
            InputTokens = long.MaxValue,
            CacheReadInputTokens = long.MaxValue,
            CacheCreationInputTokens = long.MaxValue,
            OutputTokens = 1,
        };

        (usage.TotalInputTokens, usage.TotalTokens).Should().Be((long.MaxValue, long.MaxValue));
    }

    [Fact]
    public void A_negative_bucket_is_0_and_a_negative_subset_is_not_reported()
    {
        var usage = new TokenUsage
        {
            InputTokens = -1,
            CacheReadInputTokens = -1,
            CacheCreationInputTokens = -1,
            CacheCreation5mInputTokens = -1,
            CacheCreation1hInputTokens = -1,
            OutputTokens = long.MinValue,
            ReasoningTokens = -1,
            InputAudioTokens = -1,
            CacheReadAudioTokens = -1,
            OutputAudioTokens = -1,
            OutputImageTokens = long.MinValue,
        };

        usage.Should().Be(default(TokenUsage));
    }

    private static long[] Buckets(TokenUsage u) => [u.InputTokens, u.CacheReadInputTokens, u.CacheCreationInputTokens,
        u.CacheCreation5mInputTokens, u.CacheCreation1hInputTokens, u.OutputTokens];

    private static long?[] Subsets(TokenUsage u) =>
        [u.ReasoningTokens, u.InputAudioTokens, u.CacheReadAudioTokens, u.OutputAudioTokens, u.OutputImageTokens];
}
