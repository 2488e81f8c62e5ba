using Microsoft.Extensions.AI;
using StreamUsage.ClientTests.Support;

namespace StreamUsage.ClientTests.Wrapped;

/// <summary>The buckets of a record that comes from <see cref="UsageDetails"/>.</summary>
public sealed class UsageDetailsTests
{
    [Fact]
    public async Task Cached_input_and_reasoning_are_parts()
    {
        UsageRecord record = await RecordAsync(new UsageDetails
        {
            InputTokenCount = 100,
            CachedInputTokenCount = 60,
            OutputTokenCount = 30,
            ReasoningTokenCount = 20,
            TotalTokenCount = 130,
        });

        record.Usage.Should().Be(
            new TokenUsage { InputTokens = 40, CacheReadInputTokens = 60, OutputTokens = 30, ReasoningTokens = 20 });
        record.Anomalies.Should().Be(UsageAnomalies.None);
    }

    [Theory]
    [InlineData("CacheCreationInputTokens")]
    [InlineData("cache_creation_input_tokens")]
    [InlineData("CacheWriteInputTokens")]
    public async Task Cache_writes_are_found_among_the_additional_counts(string name)
    {
        UsageRecord record = await RecordAsync(new UsageDetails
        {
            InputTokenCount = 100,
            CachedInputTokenCount = 60,
            OutputTokenCount = 30,
            TotalTokenCount = 130,
            AdditionalCounts = new() { [name] = 25 },
        });

        record.Usage.Should().Be(new TokenUsage
        {
            InputTokens = 15,
            CacheReadInputTokens = 60,
            CacheCreationInputTokens = 25,
            OutputTokens = 30,
        });
        record.Anomalies.Should().Be(UsageAnomalies.None);
    }

    [Fact]
    public async Task The_total_tells_that_cached_input_is_beside_the_input()
    {
        UsageRecord record = await RecordAsync(new UsageDetails
        {
            InputTokenCount = 100,
            CachedInputTokenCount = 60,
            OutputTokenCount = 30,
            TotalTokenCount = 215,
            AdditionalCounts = new() { ["CacheWriteInputTokens"] = 25 },
        });

        record.Usage.TotalInputTokens.Should().Be(185);
        record.Usage.InputTokens.Should().Be(100);
        record.Anomalies.Should().Be(UsageAnomalies.None);
    }

    [Fact]
    public async Task Cache_writes_without_a_total_are_in_doubt()
    {
        UsageRecord record = await RecordAsync(new UsageDetails
        {
            InputTokenCount = 100,
            OutputTokenCount = 30,
            AdditionalCounts = new() { ["CacheWriteInputTokens"] = 25 },
        });

        record.Anomalies.Should().Be(UsageAnomalies.UncertainBill);
    }

    [Fact]
    public async Task A_cache_larger_than_the_input_is_beside_it()
    {
        UsageRecord record = await RecordAsync(
            new UsageDetails { InputTokenCount = 10, CachedInputTokenCount = 60, OutputTokenCount = 30 });

        record.Usage.Should().Be(new TokenUsage { InputTokens = 10, CacheReadInputTokens = 60, OutputTokens = 30 });
    }

    [Fact]
    public async Task Absurd_counts_are_ignored_and_noted()
    {
        UsageRecord record = await RecordAsync(
            new UsageDetails { InputTokenCount = 10, CachedInputTokenCount = -1, OutputTokenCount = 30 });

        record.Usage.Should().Be(new TokenUsage { InputTokens = 10, OutputTokens = 30 });
        record.Anomalies.Should().HaveFlag(UsageAnomalies.CountsIgnored);
    }

    [Fact]
    public async Task Other_additional_counts_are_details()
    {
        UsageRecord record = await RecordAsync(new UsageDetails
        {
            InputTokenCount = 10,
            OutputTokenCount = 30,
            AdditionalCounts = new() { ["OutputTokenDetails.AcceptedPredictionTokenCount"] = 5 },
        });

        record.TokenDetails.Should().ContainKey("OutputTokenDetails.AcceptedPredictionTokenCount").WhoseValue.Should().Be(5);
        record.Usage.TotalTokens.Should().Be(40);
    }

    [Fact]
    public async Task Audio_is_a_part_of_both_sides()
    {
        UsageRecord record = await RecordAsync(new UsageDetails
        {
            InputTokenCount = 100,
            InputAudioTokenCount = 70,
            OutputTokenCount = 30,
            OutputAudioTokenCount = 20,
        });

        record.Usage.Should().Be(
            new TokenUsage { InputTokens = 100, InputAudioTokens = 70, OutputTokens = 30, OutputAudioTokens = 20 });
    }

    private static async Task<UsageRecord> RecordAsync(UsageDetails details)
    {
        List<UsageRecord> records = [];
        await using var tracker = new UsageTracker(new CallbackUsageSink((record, _) =>
        {
            records.Add(record);
            return ValueTask.CompletedTask;
        }));
        IChatClient client = new ScriptedChatClient().Give(new TextContent("Hello"), new UsageContent(details)).AsBuilder()
            .UseUsageTracking(options => options.Tracker = tracker).Build();

        await client.GetResponseAsync("Hello", cancellationToken: TestContext.Current.CancellationToken);

        await tracker.FlushAsync(TestContext.Current.CancellationToken);
        return records.Should().ContainSingle().Subject;
    }
}
