using System.Text;
using StreamUsage.Buffers;
using StreamUsage.Sse;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Sse;

/// <summary>Events over the size limit are skipped, and decoding goes on behind them.</summary>
[Collection(AloneCollection.Name)]
public sealed class SseReaderLimitTests
{
    private static readonly SseReaderOptions TenBytes = new() { MaxEventBytes = 10, DeliverUnfinishedEvent = true };

    [Theory]
    [InlineData("data: 0123456789\n\n", true)]
    [InlineData("data: 0123456789x\n\n", false)]
    [InlineData("data: 01234\ndata: 6789\n\n", true)]
    [InlineData("data: 01234\ndata: 6789x\n\n", false)]
    [InlineData("data: 0123456789\ndata\n\n", false)]
    [InlineData("data: 012345678\ndata\n\n", true)]
    [InlineData("data: 0123456789x\ndata: y\nid: 5\n\n", false)]
    public async Task An_event_of_the_limit_is_delivered_and_one_byte_more_is_skipped(string large, bool isDelivered)
    {
        byte[] body = Encoding.UTF8.GetBytes($"data: before\n\nevent: big\n{large}data: after\n\n");
        string id = large.Contains("id: 5", StringComparison.Ordinal) ? "5" : "";
        DecodedEvent[] middle = isDelivered
            ? [new("big", large.Replace("data: ", "", StringComparison.Ordinal).Replace("data", "", StringComparison.Ordinal)[..^2])] : [];

        await SseBytes.ShouldDecodeToAsync(body, [new("message", "before"), .. middle, new("message", "after", id)], TenBytes);
    }

    [Theory]
    [InlineData("retry: 5\ndata: 0123456789x\n\ndata: after\n\ndata: last\n\n", 5)]
    [InlineData("retry: 5\ndata: 0123456789x\n\nretry: 6\ndata: after\n\ndata: last\n\n", 6)]
    public async Task The_reconnection_time_of_a_skipped_event_comes_with_the_next_one(string body, int milliseconds) =>
        await SseBytes.ShouldDecodeToAsync(
            Encoding.UTF8.GetBytes(body),
            [new("message", "after", Retry: TimeSpan.FromMilliseconds(milliseconds)), new("message", "last")],
            TenBytes);

    [Fact]
    public void The_largest_limit_is_kept() => new EventBuffer(2_000_000_000, null).MaxBytes.Should().Be(2_000_000_000);

    [Fact]
    public async Task A_type_over_the_limit_is_cut_there_however_the_bytes_come()
    {
        byte[] body = Encoding.UTF8.GetBytes("event: 0123456789abc\ndata: a\n\ndata: b\n\n");

        await SseBytes.ShouldDecodeToAsync(body, [new("0123456789", "a"), new("message", "b")], TenBytes);
    }

    [Fact]
    public async Task An_id_over_the_limit_is_ignored()
    {
        byte[] body = Encoding.UTF8.GetBytes("id: 1\ndata: a\n\nid: 0123456789a\ndata: b\n\nid: 0123456789\ndata: c\n\n");

        await SseBytes.ShouldDecodeToAsync(
            body, [new("message", "a", "1"), new("message", "b", "1"), new("message", "c", "0123456789")], TenBytes);
    }

    [Fact]
    public async Task An_unfinished_event_over_the_limit_is_not_delivered()
    {
        byte[] body = Encoding.UTF8.GetBytes("data: a\n\ndata: {\"a\":\"0123456789\"}");

        await SseBytes.ShouldDecodeToAsync(body, [new("message", "a")], TenBytes);
    }

    [Fact]
    public async Task Many_megabytes_of_one_event_are_skipped_in_the_memory_of_the_limit()
    {
        byte[] body = [.. "data: "u8, .. Enumerable.Repeat((byte)'x', 16 * 1024 * 1024), .. "\n\ndata: after\n\n"u8];
        var reader = SseBytes.InPieces(body, 64 * 1024);
        long before = GC.GetTotalAllocatedBytes(precise: true);

        List<DecodedEvent> events = await SseBytes.ReadAsync(reader, new SseReaderOptions { MaxEventBytes = 64 * 1024 });

        events.Should().Equal(new DecodedEvent("message", "after"));
        (GC.GetTotalAllocatedBytes(precise: true) - before).Should().BeLessThan(8 * 1024 * 1024);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(2_000_000_001)]
    public void A_limit_out_of_range_is_refused(long limit)
    {
        Action set = () => _ = new SseReaderOptions { MaxEventBytes = limit };

        set.Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void The_defaults_are_a_mebibyte_and_the_standards_rule()
    {
        var options = new SseReaderOptions();

        options.MaxEventBytes.Should().Be(1024 * 1024);
        options.DeliverUnfinishedEvent.Should().BeFalse();
    }
}
