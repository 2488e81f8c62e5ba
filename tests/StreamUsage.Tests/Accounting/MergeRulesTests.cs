using CsCheck;
using StreamUsage.Accounting;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Accounting;

/// <summary>What a later usage object of the same answer does to what earlier ones said.</summary>
public sealed class MergeRulesTests
{
    [Theory]
    // Field by field: what is left out stays.
    [InlineData(true, "10/0/5", "10/0/7", "in 10 read 0 write 0 (0+0) out 7 reasoning -")]
    [InlineData(true, "10/-/-", "-/-/7", "in 10 read 0 write 0 (0+0) out 7 reasoning -")]
    [InlineData(true, "100/-/5", "100/80/5", "in 20 read 80 write 0 (0+0) out 5 reasoning -")]
    // As a whole: what is left out is 0, unless the whole is less.
    [InlineData(false, "10/5/5", "100/-/7", "in 100 read 0 write 0 (0+0) out 7 reasoning -")]
    [InlineData(false, "100/50/50", "100/-/-", "in 50 read 50 write 0 (0+0) out 50 reasoning -")]
    // Counts that grow do not shrink.
    [InlineData(true, "10/0/60", "10/0/20", "in 10 read 0 write 0 (0+0) out 60 reasoning -")]
    [InlineData(true, "10/0/60", "30/0/50", "in 30 read 0 write 0 (0+0) out 50 reasoning -")]
    // An object of zeros is no report, and an input does not go back to 0.
    [InlineData(true, "17/0/6", "0/0/0", "in 17 read 0 write 0 (0+0) out 6 reasoning -")]
    [InlineData(false, "17/0/6", "0/0/0", "in 17 read 0 write 0 (0+0) out 6 reasoning -")]
    [InlineData(true, "17/5/6", "0/0/22", "in 12 read 5 write 0 (0+0) out 22 reasoning -")]
    [InlineData(false, "17/5/6", "0/0/99", "in 12 read 5 write 0 (0+0) out 99 reasoning -")]
    public void A_later_usage_makes_of_an_earlier_one_this(bool isCumulative, string earlier, string later, string expected)
    {
        UsageAccumulator state = Take(Take(default, earlier, isCumulative), later, isCumulative);

        ReadBody.Describe(state.Usage).Should().Be(expected);
    }

    [Fact]
    public void Of_disjoint_buckets_the_side_with_more_stands_as_a_whole()
    {
        UsageAccumulator state = default(UsageAccumulator).Merge(new ReportedTokens { InputTokens = 10_000, OutputTokens = 5 });

        ReadBody.Describe(state.Merge(new ReportedTokens { InputTokens = 37, CacheReadTokens = 9963, OutputTokens = 6 }).Usage)
            .Should().Be("in 37 read 9963 write 0 (0+0) out 6 reasoning -");
        ReadBody.Describe(state.Merge(new ReportedTokens { InputTokens = 37, CacheReadTokens = 900, OutputTokens = 6 }).Usage)
            .Should().Be("in 10000 read 0 write 0 (0+0) out 6 reasoning -");
    }

    [Fact]
    public void What_follows_a_beginning_may_be_less_than_it()
    {
        UsageAccumulator begun = default(UsageAccumulator).Begin(new ReportedTokens { InputTokens = 60_385, OutputTokens = 8 });

        ReadBody.Describe(begun.Merge(new ReportedTokens { InputTokens = 612, OutputTokens = 3 }).Usage)
            .Should().Be("in 612 read 0 write 0 (0+0) out 3 reasoning -");
    }

    [Theory]
    [InlineData(0, "in 10 read 0 write 1000 (400+600) out 7 reasoning -")] // A server that does not know the caches.
    [InlineData(600, "in 10 read 0 write 600 (400+200) out 7 reasoning -")]
    [InlineData(1500, "in 10 read 0 write 1500 (400+600) out 7 reasoning -")]
    public void Cache_writes_by_lifetime_are_limited_by_a_newer_sum(long sum, string expected)
    {
        UsageAccumulator begun = default(UsageAccumulator).Begin(new ReportedTokens
        {
            InputTokens = 10,
            CacheCreationTokens = 1000,
            CacheCreation5mTokens = 400,
            CacheCreation1hTokens = 600,
            OutputTokens = 1,
        });

        ReadBody.Describe(begun.Merge(new ReportedTokens { CacheCreationTokens = sum, OutputTokens = 7 }).Usage).Should().Be(expected);
    }

    [Fact]
    public void Cache_writes_by_lifetime_are_not_limited_by_a_smaller_usage()
    {
        var tokens = new ReportedTokens
        {
            Convention = TokenConvention.InputIncludesCache,
            InputTokens = 2000,
            CacheCreation5mTokens = 1000,
            OutputTokens = 5,
        };

        UsageAccumulator state = default(UsageAccumulator).Merge(tokens)
            .Merge(tokens with { CacheCreationTokens = 0, CacheCreation5mTokens = null, OutputTokens = 4 });

        ReadBody.Describe(state.Usage).Should().Be("in 1000 read 0 write 1000 (1000+0) out 5 reasoning -");
    }

    [Fact]
    public void Counts_without_an_input_do_not_change_what_the_input_includes()
    {
        UsageAccumulator state = default(UsageAccumulator)
            .MergeCounts(inputTokens: 100, cacheReadInputTokens: 80, inputIncludesCache: true)
            .MergeCounts(outputTokens: 5);

        ReadBody.Describe(state.Usage).Should().Be("in 20 read 80 write 0 (0+0) out 5 reasoning -");
    }

    [Fact]
    public void An_input_that_comes_after_its_cache_says_what_it_includes()
    {
        UsageAccumulator state = default(UsageAccumulator)
            .MergeCounts(cacheReadInputTokens: 80)
            .MergeCounts(inputTokens: 100, inputIncludesCache: true);

        ReadBody.Describe(state.Usage).Should().Be("in 20 read 80 write 0 (0+0) out 0 reasoning -");
    }

    [Fact]
    public void A_total_is_not_compared_with_later_counts()
    {
        UsageAccumulator state = default(UsageAccumulator)
            .Merge(new ReportedTokens { InputTokens = 10, OutputTokens = 1, TotalTokens = 11 })
            .Merge(new ReportedTokens { OutputTokens = 5 });

        BucketRules.Apply(state.Tokens, out UsageAnomalies anomalies).TotalTokens.Should().Be(15);
        anomalies.Should().Be(UsageAnomalies.None);
    }

    [Fact]
    public void Only_a_beginning_with_counts_may_be_a_report_of_zeros()
    {
        MergeRules.Begin(new ReportedTokens { InputTokens = 0 }).Noted.Should().Be(ReportedTokens.Notes.HasZeroReport);
        MergeRules.Begin(default).Noted.Should().Be(ReportedTokens.Notes.None);
    }

    [Fact]
    public void The_same_usage_again_changes_nothing() =>
        Gen.Select(ReportedTokensTests.Tokens, ReportedTokensTests.Tokens, Gen.Bool).Sample((first, second, isCumulative) =>
        {
            UsageAccumulator state = Take(Take(default, first, isCumulative), second, isCumulative);

            Take(state, second, isCumulative).Usage.Should().Be(state.Usage);
        });

    [Fact]
    public void Of_counts_that_grow_the_last_alone_gives_the_same() =>
        Gen.Select(Gen.Long[1, 50].Array[3], Gen.Long[0, 9].Array[3].Array[1, 6], Gen.Bool).Sample((first, steps, isCumulative) =>
        {
            UsageAccumulator before = Take(default, "40/3/20", isCumulative);
            UsageAccumulator each = before;
            long[] counts = [.. first];
            foreach (long[] step in steps)
            {
                counts = [.. counts.Zip(step, (count, more) => count + more)];
                each = Take(each, string.Join('/', counts), isCumulative);
            }

            Take(before, string.Join('/', counts), isCumulative).Usage.Should().Be(each.Usage, "templates leave out what lies between");
        });

    private static UsageAccumulator Take(UsageAccumulator state, string counts, bool isCumulative)
    {
        long?[] parts = [.. counts.Split('/')
            .Select(part => part == "-" ? (long?)null : long.Parse(part, System.Globalization.CultureInfo.InvariantCulture))];
        return Take(state, new ReportedTokens
        {
            Convention = TokenConvention.InputIncludesCache,
            InputTokens = parts[0],
            CacheReadTokens = parts[1],
            OutputTokens = parts[2],
        }, isCumulative);
    }

    private static UsageAccumulator Take(UsageAccumulator state, in ReportedTokens tokens, bool isCumulative) =>
        isCumulative ? state.Merge(tokens) : state.Replace(tokens);
}
