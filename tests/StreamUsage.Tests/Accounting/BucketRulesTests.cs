using CsCheck;
using StreamUsage.Accounting;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Accounting;

/// <summary>The total decides what includes what, and a part is never larger than its whole.</summary>
public sealed class BucketRulesTests
{
    private const TokenConvention Chat = TokenConvention.InputIncludesCache | TokenConvention.TotalMayHoldMoreOutput;
    private const TokenConvention ChatAnthropic = Chat | TokenConvention.AnthropicCacheNames;
    private const TokenConvention Said = TokenConvention.TotalMayHoldMoreOutput | TokenConvention.AnthropicCacheNames;
    private const TokenConvention Gemini = TokenConvention.InputIncludesCache | TokenConvention.ReasoningBesideOutput;
    private const TokenConvention Claude = TokenConvention.AnthropicCacheNames;

    private static readonly Gen<long> Count = Gen.Frequency((1, Gen.Const(0L)), (3, Gen.Long[1, 1000]));

    [Theory]
    // The documented convention, with the total that it gives, and without one.
    [InlineData(Chat, 100, 0, 40, 10, 30, 20, 130, "in 50 read 40 write 10 (0+0) out 30 reasoning 20", UsageAnomalies.None)]
    [InlineData(Chat, 100, 0, 40, 10, 30, 20, 0, "in 50 read 40 write 10 (0+0) out 30 reasoning 20", UsageAnomalies.None)]
    [InlineData(Gemini, 100, 5, 40, 0, 30, 20, 155, "in 65 read 40 write 0 (0+0) out 50 reasoning 20", UsageAnomalies.None)]
    [InlineData(Claude, 100, 0, 40, 10, 30, 0, 0, "in 100 read 40 write 10 (0+0) out 30 reasoning 0", UsageAnomalies.None)]
    // Exactly one other convention gives the total.
    [InlineData(Chat, 100, 0, 40, 10, 30, 0, 180, "in 100 read 40 write 10 (0+0) out 30 reasoning 0", UsageAnomalies.None)]
    [InlineData(Chat, 100, 0, 40, 10, 30, 20, 150, "in 50 read 40 write 10 (0+0) out 50 reasoning 20", UsageAnomalies.None)]
    [InlineData(Chat, 100, 0, 40, 10, 30, 20, 200, "in 100 read 40 write 10 (0+0) out 50 reasoning 20", UsageAnomalies.None)]
    [InlineData(Chat, 21, 0, 0, 0, 0, 60, 81, "in 21 read 0 write 0 (0+0) out 60 reasoning 60", UsageAnomalies.None)]
    [InlineData(Gemini, 50, 0, 0, 0, 700, 600, 750, "in 50 read 0 write 0 (0+0) out 700 reasoning 600", UsageAnomalies.None)]
    [InlineData(Gemini, 50, 20, 0, 0, 30, 0, 80, "in 50 read 0 write 0 (0+0) out 30 reasoning 0", UsageAnomalies.None)]
    // Two others give it: nothing is decided.
    [InlineData(Chat, 100, 0, 20, 0, 30, 20, 150, "in 80 read 20 write 0 (0+0) out 30 reasoning 20", UsageAnomalies.TotalMismatch)]
    // None gives it: the rest of a Chat total is output.
    [InlineData(Chat, 20, 0, 0, 0, 198, 0, 623, "in 20 read 0 write 0 (0+0) out 603 reasoning 0", UsageAnomalies.TotalMismatch)]
    [InlineData(Chat, 20, 0, 0, 0, 198, 0, 200, "in 20 read 0 write 0 (0+0) out 198 reasoning 0", UsageAnomalies.TotalMismatch)]
    [InlineData(Gemini, 20, 0, 0, 0, 198, 0, 623, "in 20 read 0 write 0 (0+0) out 198 reasoning 0", UsageAnomalies.TotalMismatch)]
    // Anthropic's names behind Chat: larger than the prompt they stand beside it, whatever the total.
    [InlineData(ChatAnthropic, 8, 0, 18901, 1367, 862, 0, 870, "in 8 read 18901 write 1367 (0+0) out 862 reasoning 0", UsageAnomalies.None)]
    [InlineData(ChatAnthropic, 120, 0, 2048, 0, 30, 0, 2198, "in 120 read 2048 write 0 (0+0) out 30 reasoning 0", UsageAnomalies.None)]
    [InlineData(ChatAnthropic, 120, 0, 2048, 0, 30, 0, 0, "in 120 read 2048 write 0 (0+0) out 30 reasoning 0", UsageAnomalies.None)]
    [InlineData(ChatAnthropic, 120, 0, 100, 0, 30, 0, 150, "in 20 read 100 write 0 (0+0) out 30 reasoning 0", UsageAnomalies.None)]
    [InlineData(ChatAnthropic, 120, 0, 100, 0, 30, 0, 250, "in 120 read 100 write 0 (0+0) out 30 reasoning 0", UsageAnomalies.None)]
    [InlineData(ChatAnthropic, 100, 0, 100, 0, 30, 0, 0, "in 0 read 100 write 0 (0+0) out 30 reasoning 0", UsageAnomalies.UncertainBill)]
    [InlineData(ChatAnthropic, 120, 0, 100, 0, 30, 0, 0, "in 20 read 100 write 0 (0+0) out 30 reasoning 0", UsageAnomalies.UncertainBill)]
    [InlineData(ChatAnthropic, 120, 0,
        100, 0, 30, 0, 999, "in 20 read 100 write 0 (0+0) out 30 reasoning 0", UsageAnomalies.UncertainBill | UsageAnomalies.TotalMismatch)]
    [InlineData(ChatAnthropic, 120, 0,
        100, 0, 30, 0, 50, "in 20 read 100 write 0 (0+0) out 30 reasoning 0", UsageAnomalies.UncertainBill | UsageAnomalies.TotalMismatch)]
    [InlineData(Said, 120, 0, 100, 0, 30, 0, 150, "in 120 read 100 write 0 (0+0) out 30 reasoning 0", UsageAnomalies.None)]
    // A part larger than its whole is reduced to it.
    [InlineData(Chat, 235, 0, 373, 0, 12, 0, 247, "in 0 read 235 write 0 (0+0) out 12 reasoning 0", UsageAnomalies.TotalMismatch)]
    [InlineData(Chat, 235, 0, 200, 100, 12, 0, 0, "in 0 read 200 write 35 (0+0) out 12 reasoning 0", UsageAnomalies.TotalMismatch)]
    [InlineData(Chat, 10, 0, 0, 0, 10, 11, 20, "in 10 read 0 write 0 (0+0) out 10 reasoning 11", UsageAnomalies.TotalMismatch)]
    // In Anthropic's own protocol nothing else is possible: a total of others' leaves the caches out.
    [InlineData(Claude, 37, 0, 9963, 0, 6, 0, 10006, "in 37 read 9963 write 0 (0+0) out 6 reasoning 0", UsageAnomalies.None)]
    [InlineData(Claude, 37, 0, 9963, 0, 6, 0, 43, "in 37 read 9963 write 0 (0+0) out 6 reasoning 0", UsageAnomalies.None)]
    public void Counts_become_these_buckets(
        object convention, long input,
        long toolInput, long cacheRead, long cacheWrite, long output, long reasoning, long total, string expected, UsageAnomalies anomalies)
    {
        TokenUsage usage = BucketRules.Apply(
            Tokens((TokenConvention)convention, input, toolInput, cacheRead, cacheWrite, output, reasoning, total),
            out UsageAnomalies found);

        ReadBody.Describe(usage).Should().Be(expected);
        found.Should().Be(anomalies);
    }

    [Theory]
    [InlineData(null, 30L, 0, 30)]
    [InlineData(100L, null, 100, 0)]
    [InlineData(null, null, 0, 0)]
    public void A_total_decides_nothing_without_both_input_and_output(long? input, long? output, long expectedInput, long expectedOutput)
    {
        var tokens = new ReportedTokens { Convention = Chat, InputTokens = input, OutputTokens = output, TotalTokens = 623 };

        TokenUsage usage = BucketRules.Apply(tokens, out UsageAnomalies anomalies);

        usage.Should().Match<TokenUsage>(u => u.InputTokens == expectedInput && u.OutputTokens == expectedOutput);
        anomalies.Should().Be(UsageAnomalies.None);
    }

    [Fact]
    public void The_buckets_sum_to_the_total_where_one_convention_fits() =>
        Gen.Select(Gen.Select(Count, Count, Count, Count), Gen.Select(Count, Count), Gen.Int[0, 7], Gen.OneOf(Chat, Gemini))
            .Sample((input, output, reading, convention) =>
            {
                (long prompt, long tools, long read, long write) = input;
                (long text, long reasoning) = output;
                tools = convention == Chat ? 0 : tools;
                long total = prompt + text
                    + ((reading & 1) != 0 ? read + write : 0) + ((reading & 2) != 0 ? reasoning : 0) + ((reading & 4) != 0 ? tools : 0);

                TokenUsage usage = BucketRules.Apply(
                    Tokens(convention, prompt, tools, read, write, text, reasoning, total), out UsageAnomalies anomalies);

                bool isSettled = total > 0 && !anomalies.HasFlag(UsageAnomalies.TotalMismatch);
                (isSettled ? usage.TotalTokens : total).Should().Be(total);
            });

    [Fact]
    public void No_bucket_is_negative_and_caches_are_never_more_than_was_reported() => ReportedTokensTests.Tokens.Sample(tokens =>
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
        }.Should().OnlyContain(n => n >= 0);
        usage.CacheReadInputTokens.Should().BeLessThanOrEqualTo(tokens.CacheReadTokens ?? 0);
        usage.CacheCreationInputTokens.Should().BeGreaterThanOrEqualTo(usage.CacheCreation5mInputTokens + usage.CacheCreation1hInputTokens);
    });

    private static ReportedTokens Tokens(TokenConvention convention,
        long input, long toolInput, long cacheRead, long cacheWrite, long output, long reasoning, long total) => new()
        {
            Convention = convention,
            InputTokens = input,
            ExtraInputTokens = toolInput,
            CacheReadTokens = cacheRead,
            CacheCreationTokens = cacheWrite,
            OutputTokens = output,
            ReasoningTokens = reasoning,
            TotalTokens = total,
        };
}
