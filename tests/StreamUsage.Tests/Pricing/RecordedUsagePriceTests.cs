using System.IO.Pipelines;
using System.Text;
using FluentAssertions.Execution;
using StreamUsage.Pricing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Pricing;

/// <summary>
/// Every recorded usage object, in a plain JSON body, costs what genai-prices computes for it from the same table, to
/// the last digit.
/// </summary>
public sealed class RecordedUsagePriceTests
{
    private static readonly DateTimeOffset Date = new(2026, 8, 21, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("anthropic-messages")]
    [InlineData("openai-chat")]
    [InlineData("openai-responses")]
    [InlineData("gemini")]
    public async Task A_recorded_usage_object_costs_the_expected_price(string format)
    {
        var options = new StreamUsageOptions { Pricing = PriceTable.Load(SharedFiles.Require("data", "usage-prices", "prices.json")) };
        await using var tracker = new UsageTracker(new RecordingSink(), options);
        int count = 0;
        foreach (RecordedUsage usage in RecordedUsage.All().Where(usage => usage.Format == format))
        {
            count++;
            UsageRecord record = await ReadAsync(tracker, usage);
            UsageRecord again = UsageRecordJson.Read(UsageRecordJson.ToUtf8Bytes(record));

            using var scope = new AssertionScope($"{usage.Provider} {usage.Model} {usage.BodyMembers}");
            record.UnpricedReason.Should().BeNull();
            (record.Cost?.Input + record.Cost?.CacheRead + record.Cost?.CacheCreation).Should().Be(usage.InputPrice);
            record.Cost?.Output.Should().Be(usage.OutputPrice);
            options.Pricing.Price(again).Should().BeEquivalentTo(record.Cost, "a record that was read back costs the same");
        }

        count.Should().BeGreaterThan(50);
    }

    private static Task<UsageRecord> ReadAsync(UsageTracker tracker, RecordedUsage usage) => tracker.ReadAsync(
        PipeReader.Create(new MemoryStream(Encoding.UTF8.GetBytes(usage.ToBody()))),
        new UsageContext { Provider = usage.Provider, RequestStartedAt = Date },
        new TrackedResponse { StatusCode = 200, ContentType = "application/json" });
}
