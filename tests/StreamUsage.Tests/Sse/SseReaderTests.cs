using System.Globalization;
using System.Text;
using StreamUsage.Sse;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Sse;

/// <summary>WHATWG HTML, section 9.2.6, rule by rule. Each body is read whole, byte by byte, and cut at every
/// position.</summary>
public sealed class SseReaderTests
{
    public static TheoryData<string, string> Bodies() => new()
    {
        // A row: the body, and what comes out as type|data|id|retry, a row's events joined with a slash. \0 stands for
        // NUL.
        { "", "" },
        { "\n\n\r\r\n", "" },
        { "data: a\n\n", "message|a||" },
        { "data:a\r\rdata:b\r\n\r\ndata:c\n\r\n", "message|a||/message|b||/message|c||" },
        { "\uFEFFdata: a\n\n", "message|a||" },
        { "\uFEFF\uFEFFdata: a\n\ndata: b\n\n", "message|b||" },
        { "data: a\n\n\uFEFFdata: b\n\n", "message|a||" },
        { "\uFEFF:comment\ndata: a\n\n", "message|a||" },
        { ": comment\n:\ndata: a\n:data: b\n\n", "message|a||" },
        { "data: a\ndata: b\ndata:c\n\n", "message|a\nb\nc||" },
        { "data\n\ndata\ndata\n\n", "message|||/message|\n||" },
        { "data:  two spaces\n\ndata:\ttab\n\n", "message| two spaces||/message|\ttab||" },
        { "data: a:b: c\n\n", "message|a:b: c||" },
        { "data : a\nDATA: b\ndatax: c\ndat: d\ndata: e\n\n", "message|e||" },
        { "dataa\ndat\nevents\nretryy\nidd\nunknown:field\ndata: a\n\n", "message|a||" },
        { "\0data: a\n\0\0\0id: b\n\ndata: c\n\n", "message|c||" },
        { "event: x\ndata: a\n\ndata: b\n\n", "x|a||/message|b||" },
        { "event: x\n\ndata: b\n\n", "message|b||" },
        { "event: x\nevent: y\ndata: a\n\n", "y|a||" },
        { "event: x\nevent\ndata: a\n\n", "message|a||" },
        { "data: a\nevent: x\n\n", "x|a||" },
        { "id: 1\ndata: a\n\ndata: b\n\n", "message|a|1|/message|b|1|" },
        { "id: 1\n\ndata: b\n\n", "message|b|1|" },
        { "id: 1\ndata: a\n\nid\ndata: b\n\n", "message|a|1|/message|b||" },
        { "id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n", "message|a|1|/message|b|1|" },
        { "id: \u00fc\u20ac\ndata: a\n\n", "message|a|\u00fc\u20ac|" },
        { "retry: 1500\ndata: a\n\ndata: b\n\n", "message|a||1500/message|b||" },
        { "retry: 1\n\nretry: 2\ndata: a\n\n", "message|a||2" },
        { "retry\nretry:\nretry: 1x\nretry: -1\nretry: 1.5\nretry:  7\ndata: a\n\n", "message|a||" },
        { "retry: 7\nretry: x\ndata: a\n\n", "message|a||7" },
        { "retry: 99999999999999999999999\ndata: a\n\n", "message|a||3155760000000" },
        { "data: \u00e4\u20ac\U0001F600\u0085\u2028\n\n", "message|\u00e4\u20ac\U0001F600\u0085\u2028||" },
        { "data: a\0b\n\n", "message|a\0b||" },
        { "event: d\u00e9\ndata: [DONE]\n\n", "d\u00e9|[DONE]||" },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task A_body_gives_the_events_that_the_standard_says(string body, string expected) =>
        await SseBytes.ShouldDecodeToAsync(Encoding.UTF8.GetBytes(body), Parse(expected));

    [Theory]
    [InlineData(new byte[] { 0xEF, (byte)'d' }, "data:a\n\ndata:b\n\n")]
    [InlineData(new byte[] { 0xEF, 0xBB, (byte)'\n' }, "\ndata:b\n\n")]
    [InlineData(new byte[] { 0xEF, 0xBB }, "data:a\n\ndata:b\n\n")]
    public async Task A_part_of_a_byte_order_mark_makes_a_line_that_names_no_field(byte[] start, string rest) =>
        await SseBytes.ShouldDecodeToAsync([.. start, .. Encoding.UTF8.GetBytes(rest)], [new DecodedEvent("message", "b")]);

    public static TheoryData<string, string> UnfinishedBodies() => new()
    {
        // The body, and what of its unfinished event is delivered where that is asked for.
        { "data: a\n\n", "" },
        { "data: a", "" },
        { "data: a\n", "message|a||" },
        { "data: a\r", "message|a||" },
        { "data: a\r\n", "message|a||" },
        { "event: x\ndata: a\nid: 3\n", "x|a|3|" },
        { "data: {\"a\":[1,2]}", "message|{\"a\":[1,2]}||" },
        { "data: {\"a\":[1,2]", "" },
        { "data: {\"a\":1}}", "" },
        { "data: {\"a\":1}\ndat", "message|{\"a\":1}||" },
        { "data: {\"a\":\ndata: 1}", "message|{\"a\":\n1}||" },
        { "data: {\"a\":1}\nevent: cut", "message|{\"a\":1}||" },
        { "data: {\"a\":1}\nid: cut", "message|{\"a\":1}||" },
        { "data: [DONE]", "message|[DONE]||" },
        { "data: [DONE", "" },
        { "data: [DON\n", "message|[DON||" },
        { "data: text\ndata: more", "" },
        { "data", "" },
        { "data:", "" },
        { "data:\n", "message|||" },
        { "event: x\n", "" },
        { ": comment", "" },
    };

    [Theory]
    [MemberData(nameof(UnfinishedBodies))]
    public async Task An_unfinished_event_is_delivered_only_where_that_is_asked_for_and_it_is_whole_all_the_same(
        string body, string delivered)
    {
        byte[] bytes = Encoding.UTF8.GetBytes("data: first\n\n" + body);
        DecodedEvent first = new("message", "first");
        DecodedEvent[] finished = body.EndsWith("\n\n", StringComparison.Ordinal) ? [first, new("message", "a")] : [first];

        await SseBytes.ShouldDecodeToAsync(bytes, finished);
        await SseBytes.ShouldDecodeToAsync(
            bytes, [.. finished, .. Parse(delivered)], new SseReaderOptions { DeliverUnfinishedEvent = true });
    }

    [Fact]
    public async Task An_event_may_lie_in_many_segments()
    {
        byte[] body = Encoding.UTF8.GetBytes("event: thing\nid: 7\ndata: one\ndata: two\n\ndata: three\n\n");
        for (int length = 1; length < body.Length; length++)
        {
            int[] lengths = [.. Enumerable.Repeat(length, body.Length / length), 0, 0];

            List<DecodedEvent> events = await SseBytes.ReadAsync(SseBytes.InSegments(body, lengths));

            events.Should().Equal(
                [new DecodedEvent("thing", "one\ntwo", "7"), new DecodedEvent("message", "three", "7")], "of segments of {0}", length);
        }
    }

    [Fact]
    public void An_event_without_type_and_id_has_the_defaults()
    {
        SseEvent none = default;
        var named = new SseEvent("", "x"u8.ToArray(), null);

        none.EventType.Should().Be("message");
        none.LastEventId.Should().BeEmpty();
        none.Data.Length.Should().Be(0);
        none.Retry.Should().BeNull();
        named.EventType.Should().Be("message");
        named.LastEventId.Should().BeEmpty();
        new SseEvent("t", default, "1", TimeSpan.FromSeconds(2))
            .Should().BeEquivalentTo(new { EventType = "t", LastEventId = "1", Retry = TimeSpan.FromSeconds(2) });
    }

    private static DecodedEvent[] Parse(string expected) =>
        expected.Length == 0 ? [] : [.. expected.Split('/').Select(e => e.Split('|')).Select(p => new DecodedEvent(
            p[0], p[1], p[2], p[3].Length == 0 ? null : TimeSpan.FromMilliseconds(long.Parse(p[3], CultureInfo.InvariantCulture))))];
}
