using StreamUsage.Delivery;

namespace StreamUsage.Tests.Delivery;

/// <summary>What a waiting record counts against the memory budget.</summary>
public sealed class RecordSizeTests
{
    private static readonly long Empty = RecordSize.Of(new UsageRecord());

    public static TheoryData<string, UsageRecord, long> Records { get; } = new()
    {
        { "error", new UsageRecord { ErrorMessage = "12345" }, 10 },
        { "excerpt", new UsageRecord { Response = new CapturedResponse { RawExcerpt = "123456" } }, 12 },
        { "events", new UsageRecord { Response = new CapturedResponse { Events = ["123", "4567"] } }, 14 },
        { "text", Of(new ContentBlock { Text = "123" }, new ContentBlock { Text = "4" }), 8 },
        { "input", Of(new ContentBlock { InputJson = "{}" }), 4 },
        { "signature", Of(new ContentBlock { Signature = "1234567" }), 14 },
        { "request", new UsageRecord { Context = new UsageContext { RequestBody = new byte[33] } }, 33 },
        {
            "both", new UsageRecord
            {
                ErrorMessage = "1",
                Response = new CapturedResponse { RawExcerpt = "23", Events = ["456"] },
                Context = new UsageContext { RequestBody = new byte[5] },
            },
            17
        },
    };

    [Theory]
    [MemberData(nameof(Records))]
    public void Of_counts_two_bytes_a_character_and_one_a_byte(string what, UsageRecord record, long more) =>
        (RecordSize.Of(record) - Empty).Should().Be(more, what);

    private static UsageRecord Of(params ContentBlock[] blocks) =>
        new() { Response = new CapturedResponse { Message = new AssistantMessage { Content = blocks } } };
}
