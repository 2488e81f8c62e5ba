using CsCheck;
using StreamUsage.Accounting;

namespace StreamUsage.Tests.Accounting;

/// <summary>Counts in the provider's own terms, their merging, and the disjoint buckets that come of them.</summary>
public sealed class ReportedTokensTests
{
    private static readonly Gen<long?> Count = Gen.Frequency<long?>(
        (1, Gen.Const<long?>((long?)null)), (1, Gen.Const<long?>(0)), (3, Gen.Long[0, 1L << 40].Select(n => (long?)n)));

    private static readonly Gen<TokenConvention> Convention = Gen.Int[0, 3].Select(n => (TokenConvention)n);

    internal static readonly Gen<ReportedTokens> Tokens = Gen.Select(Count.Array[13], Convention, (c, convention) => new ReportedTokens
    {
        Convention = convention,
        InputTokens = c[0],
        ExtraInputTokens = c[1],
        CacheReadTokens = c[2],
        CacheCreationTokens = c[3],
        CacheCreation5mTokens = c[4],
        CacheCreation1hTokens = c[5],
        OutputTokens = c[6],
        ReasoningTokens = c[7],
        TotalTokens = c[8],
        InputAudioTokens = c[9],
        CacheReadAudioTokens = c[10],
        OutputAudioTokens = c[11],
        OutputImageTokens = c[12],
    });

    [Fact]
    public void Not_reported_and_zero_are_two_things()
    {
        ReportedTokens none = default;
        ReportedTokens zero = new() { InputTokens = 0, OutputTokens = 0 };

        none.Should().BeEquivalentTo(
            new { InputTokens = (long?)null, OutputTokens = (long?)null, ReasoningTokens = (long?)null, HasInput = false });
        zero.Should().BeEquivalentTo(new { InputTokens = 0L, OutputTokens = 0L, ReasoningTokens = (long?)null, HasInput = true });
        zero.Should().NotBe(none);
        (zero with { InputTokens = null, OutputTokens = null }).Should().Be(none);
    }

    [Theory]
    [InlineData(-1L)]
    [InlineData(long.MinValue)]
    public void A_negative_count_is_not_reported(long count) => new ReportedTokens { InputTokens = count }.InputTokens.Should().BeNull();

    [Fact]
    public void Merging_the_same_again_changes_nothing() =>
        Gen.Select(Tokens, Tokens).Sample((older, newer) => older.Merge(newer).Merge(newer).Should().Be(older.Merge(newer)));

    [Fact]
    public void Merging_is_by_field_the_newer_one_where_it_was_reported() => Gen.Select(Tokens, Tokens).Sample((older, newer) =>
    {
        ReportedTokens merged = older.Merge(newer);

        Fields(merged).Should().Equal(Fields(newer).Zip(Fields(older), (n, o) => n ?? o));
    });

    [Fact]
    public void Merging_is_associative_so_that_it_does_not_matter_how_events_are_gathered() =>
        Gen.Select(Tokens, Tokens, Tokens).Sample((a, b, c) => a.Merge(b).Merge(c).Should().Be(a.Merge(b.Merge(c))));

    [Theory]
    [InlineData(TokenConvention.InputIncludesCache, TokenConvention.InputIncludesCache, TokenConvention.InputIncludesCache)]
    [InlineData(TokenConvention.InputIncludesCache, TokenConvention.None, TokenConvention.None)]
    [InlineData(TokenConvention.None, TokenConvention.InputIncludesCache, TokenConvention.None)]
    [InlineData(TokenConvention.AnthropicCacheNames, TokenConvention.ReasoningBesideOutput,
        TokenConvention.AnthropicCacheNames | TokenConvention.ReasoningBesideOutput)]
    public void Merged_conventions_add_up_except_that_input_includes_the_cache(object older, object newer, object merged) =>
        new ReportedTokens { Convention = (TokenConvention)older, InputTokens = 1 }
            .Merge(new ReportedTokens { Convention = (TokenConvention)newer, InputTokens = 2 })
            .Convention.Should().Be((TokenConvention)merged);

    [Fact]
    public void The_convention_before_the_first_count_is_the_newer_ones() =>
        default(ReportedTokens).Merge(new ReportedTokens { Convention = TokenConvention.InputIncludesCache, InputTokens = 2 })
            .Convention.Should().Be(TokenConvention.InputIncludesCache);

    [Fact]
    public void No_bucket_is_ever_negative_and_totals_are_sums() => Tokens.Sample(tokens =>
    {
        TokenUsage usage = tokens.Normalize();

        new[]
        {
            usage.InputTokens,
            usage.CacheReadInputTokens,
            usage.CacheCreationInputTokens,
            usage.CacheCreation5mInputTokens,
            usage.CacheCreation1hInputTokens,
            usage.OutputTokens,
        }
            .Should().OnlyContain(n => n >= 0);
        usage.CacheCreationInputTokens.Should().BeGreaterThanOrEqualTo(usage.CacheCreation5mInputTokens + usage.CacheCreation1hInputTokens);
        usage.TotalInputTokens.Should().Be(usage.InputTokens + usage.CacheReadInputTokens + usage.CacheCreationInputTokens);
        usage.TotalTokens.Should().Be(usage.TotalInputTokens + usage.OutputTokens);
        usage.ReasoningTokens.Should().Be(tokens.ReasoningTokens);
        usage.TotalInputTokens.Should().BeLessThanOrEqualTo(SumOf(tokens));
    });

    [Fact]
    public void Input_that_includes_its_cache_is_split_and_nothing_is_lost() =>
        Gen.Select(Gen.Long[0, 1L << 50], Gen.Long[0, 1L << 50], Gen.Long[0, 1L << 50]).Sample((plain, read, written) =>
        {
            var inclusive = new ReportedTokens
            {
                Convention = TokenConvention.InputIncludesCache,
                InputTokens = plain + read + written,
                CacheReadTokens = read,
                CacheCreationTokens = written,
            };
            var exclusive = new ReportedTokens { InputTokens = plain, CacheReadTokens = read, CacheCreationTokens = written };

            inclusive.Normalize().Should().Be(exclusive.Normalize());
            inclusive.Normalize().TotalInputTokens.Should().Be(plain + read + written);
        });

    [Theory]
    [InlineData(TokenConvention.None, 18L, 8)]
    [InlineData(TokenConvention.None, 15L, 5)]
    [InlineData(TokenConvention.None, null, 5)]
    [InlineData(TokenConvention.ReasoningBesideOutput, null, 8)]
    [InlineData(TokenConvention.ReasoningBesideOutput, 18L, 8)]
    public void Reasoning_beside_the_output_is_added_once(object convention, long? total, long expected) =>
        new ReportedTokens
        {
            Convention = (TokenConvention)convention,
            InputTokens = 10,
            OutputTokens = 5,
            ReasoningTokens = 3,
            TotalTokens = total,
        }.Normalize().OutputTokens.Should().Be(expected);

    private static long SumOf(in ReportedTokens t) =>
        (t.InputTokens ?? 0) + (t.ExtraInputTokens ?? 0)
        + (t.CacheReadTokens ?? 0) + Math.Max(t.CacheCreationTokens ?? 0, (t.CacheCreation5mTokens ?? 0) + (t.CacheCreation1hTokens ?? 0));

    private static long?[] Fields(in ReportedTokens t) =>
    [
        t.InputTokens, t.ExtraInputTokens, t.CacheReadTokens, t.CacheCreationTokens, t.CacheCreation5mTokens, t.CacheCreation1hTokens,
        t.OutputTokens, t.ReasoningTokens, t.TotalTokens,
        t.InputAudioTokens, t.CacheReadAudioTokens, t.OutputAudioTokens, t.OutputImageTokens,
    ];
}
