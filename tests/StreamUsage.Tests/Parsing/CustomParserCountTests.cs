using StreamUsage.Accounting;
using StreamUsage.Parsing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Parsing;

/// <summary>A custom parser may report any numbers: the record holds counts all the same.</summary>
public sealed class CustomParserCountTests
{
    private const long Huge = long.MaxValue - 1;

    [Fact]
    public async Task Iterations_of_huge_counts_are_billed_as_the_largest_count()
    {
        var iteration = new UsageIteration { Usage = new TokenUsage { InputTokens = Huge, OutputTokens = Huge } };

        UsageRecord record = await ReadAsync(new UsageAccumulator { Iterations = [iteration, iteration], IsTerminal = true });

        record.BilledUsage.Should().Be(new TokenUsage { InputTokens = long.MaxValue, OutputTokens = long.MaxValue });
        record.BilledUsage.TotalTokens.Should().Be(long.MaxValue);
    }

    [Fact]
    public async Task An_iteration_of_negative_counts_takes_nothing_off_the_bill()
    {
        var iteration = new UsageIteration { Usage = new TokenUsage { InputTokens = 5, OutputTokens = 7 } };
        var negative = new UsageIteration { Usage = new TokenUsage { InputTokens = -100, OutputTokens = long.MinValue } };

        UsageRecord record = await ReadAsync(new UsageAccumulator { Iterations = [iteration, negative], IsTerminal = true });

        record.BilledUsage.Should().Be(new TokenUsage { InputTokens = 5, OutputTokens = 7 });
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 9)] // One that was not declined has no counts, so all of the usage is billed.
    public async Task An_answer_is_free_only_if_all_its_iterations_were_declined(bool isDeclined, long billed)
    {
        var declined = new UsageIteration { Usage = new TokenUsage { InputTokens = 5 }, Declined = true };
        var second = new UsageIteration { Declined = isDeclined };
        var tokens = new ReportedTokens { InputTokens = 5, OutputTokens = 4 };

        UsageRecord record = await ReadAsync(
            new UsageAccumulator { Tokens = tokens, Iterations = [declined, second], IsTerminal = true });

        record.BilledUsage.TotalTokens.Should().Be(billed);
    }

    [Fact]
    public async Task Huge_reported_counts_are_not_negative_in_the_record()
    {
        var tokens = new ReportedTokens
        {
            InputTokens = Huge,
            ExtraInputTokens = Huge,
            OutputTokens = Huge,
            ReasoningTokens = Huge,
            Convention = TokenConvention.ReasoningBesideOutput,
        };

        UsageRecord record = await ReadAsync(new UsageAccumulator { Tokens = tokens, IsTerminal = true });

        record.Usage.Should().Match<TokenUsage>(u => u.InputTokens > 0 && u.OutputTokens > 0 && u.TotalTokens > 0 && u.ReasoningTokens > 0);
    }

    [Fact]
    public async Task Names_of_any_length_are_cut_in_the_record()
    {
        string text = new('x', 100_000);

        UsageRecord record = await ReadAsync(new UsageAccumulator
        {
            ResponseId = text,
            Model = text,
            StopReason = text,
            StopSequence = text,
            ServiceTier = text,
            Speed = text,
            InferenceGeo = text,
            IsTerminal = true,
        });

        string?[] names = [record.ResponseId, record.ResponseModel, record.StopReason, record.StopSequence, record.ServiceTier,
            record.Speed, record.InferenceGeo];
        names.Should().OnlyContain(name => name!.Length == 1024);
    }

    private static async Task<UsageRecord> ReadAsync(UsageAccumulator state)
    {
        await using var tracker = new UsageTracker(
            new RecordingSink(), new StreamUsageOptions().AddParser(new ApiFormat("FIXED"), new FixedParser(state)));
        await using Stream tracked = tracker.Track(new ScriptedStream("data: {}\n\n"), Track.Nothing, out UsageTracking tracking);
        await Track.ReadToEndAsync(tracked);
        return await tracking.Completion;
    }

    private sealed class FixedParser(UsageAccumulator state) : IUsageParser
    {
        public string Protocol => "fixed";

        public ParserMatch Match(StreamEvent streamEvent) => ParserMatch.Certain;

        public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator before) => state;
    }
}
