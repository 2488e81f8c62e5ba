using System.Buffers;
using System.Text;
using System.Text.Json;
using StreamUsage.Export;
using StreamUsage.Pricing;

namespace StreamUsage.Tests.Export;

/// <summary>CloudEvents 1.0: the required attributes, and figures that a meter can count.</summary>
public sealed class CloudEventWriterTests
{
    private static readonly UsageRecord Record = new()
    {
        Id = new Guid("01a20a43-f80a-747f-bbb4-f87e51424199"),
        Context = new UsageContext { UserId = "u1", ApiKeyId = "k1", Provider = "anthropic" },
        Protocol = "anthropic-messages",
        ResponseModel = "claude-x",
        BilledUsage = new TokenUsage { InputTokens = 25, CacheReadInputTokens = 7, OutputTokens = 15, ReasoningTokens = 4 },
        ServerToolUse = new Dictionary<string, long> { ["web_search_requests"] = 2 },
        BilledUnits = new Dictionary<string, decimal> { ["audio_seconds"] = 1.5m },
        OutputSource = TokenSource.Estimated,
        Cost = new UsageCost { Total = 0.0001500m, PricedAs = "anthropic/claude-x" },
        StartedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(2)),
    };

    [Fact]
    public void A_record_is_one_event_under_its_own_id()
    {
        Write(writer => CloudEventWriter.Write(writer, Record)).Should().Be(
            """
            {"specversion":"1.0","id":"01a20a43-f80a-747f-bbb4-f87e51424199","source":"urn:streamusage","type":"streamusage.response",
            "subject":"u1","time":"2026-01-02T01:04:05.000Z",
            "datacontenttype":"application/json","data":{"model":"claude-x","provider":"anthropic","protocol":"anthropic-messages",
            "user_id":"u1","api_key_id":"k1","status":"Completed",
            "operation":"chat","input_tokens":25,"cache_read_input_tokens":7,"cache_creation_input_tokens":0,"output_tokens":15,
            "reasoning_tokens":4,"total_tokens":47,"estimated":true,
            "cost":"0.0001500","currency":"USD","priced_as":"anthropic/claude-x","server_tool_use":{"web_search_requests":2},
            "billed_units":{"audio_seconds":"1.5"}}}
            """.Replace("\n", "", StringComparison.Ordinal));
    }

    [Fact]
    public void Attributes_are_the_options()
    {
        var options =
            new CloudEventOptions { Source = "https://gateway.example/eu", Type = "tokens", Subject = record => record.Context.ApiKeyId };

        using JsonDocument json = JsonDocument.Parse(Write(writer => CloudEventWriter.Write(writer, Record, options)));

        (json.RootElement.GetProperty("source").GetString(),
            json.RootElement.GetProperty("type").GetString(), json.RootElement.GetProperty("subject").GetString())
            .Should().Be(("https://gateway.example/eu", "tokens", "k1"));
    }

    [Fact]
    public void What_is_not_known_is_left_out()
    {
        using JsonDocument json = JsonDocument.Parse(Write(writer => CloudEventWriter.Write(writer, new UsageRecord())));

        json.RootElement.TryGetProperty("subject", out _).Should().BeFalse();
        json.RootElement.GetProperty("data").TryGetProperty("cost", out _).Should().BeFalse("a price that is not known is not 0");
    }

    [Fact]
    public void A_record_with_only_its_usage_is_billed_for_it()
    {
        var record = new UsageRecord { Usage = new TokenUsage { InputTokens = 25, OutputTokens = 15 } };

        using JsonDocument json = JsonDocument.Parse(Write(writer => CloudEventWriter.Write(writer, record)));

        JsonElement data = json.RootElement.GetProperty("data");
        new[] { "input_tokens", "output_tokens", "total_tokens" }.Select(name => data.GetProperty(name).GetInt64())
            .Should().Equal(25, 15, 40);
    }

    [Fact]
    public void A_batch_is_an_array_in_order()
    {
        UsageRecord second = Record with { Id = Guid.CreateVersion7() };

        using JsonDocument json = JsonDocument.Parse(Write(writer => CloudEventWriter.WriteBatch(writer, [Record, second])));

        json.RootElement.EnumerateArray().Select(item => item.GetProperty("id").GetGuid()).Should().Equal(Record.Id, second.Id);
    }

    private static string Write(Action<IBufferWriter<byte>> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        write(buffer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
