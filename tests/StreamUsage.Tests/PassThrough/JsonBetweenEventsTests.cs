using System.Text;
using StreamUsage.Accounting;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.PassThrough;

/// <summary>JSON without <c>data:</c> among server-sent events: the errors of servers and gateways that fail in the
/// middle of a stream, and bodies behind comments.</summary>
public sealed class JsonBetweenEventsTests
{
    private const string Gemini = "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Hi\"}]}}],\"usageMetadata\":"
        + "{\"promptTokenCount\":5,\"candidatesTokenCount\":1}}\r\n\r\n";
    private const string GoogleError = "{\n  \"error\": {\n    \"code\": 503,\n    \"message\": \"The model is overloaded.\",\n"
        + "    \"status\": \"UNAVAILABLE\",\n    \"details\": [\n{\n      \"a\": \"}\"\n}\n    ]\n  }\n}\n";
    private const string Chat =
        "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\n";
    private const string ChatEnd = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],"
        + "\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1}}\n\ndata: [DONE]\n\n";
    private const string Whole = "{\"id\":\"c\",\"object\":\"chat.completion\","
        + "\"choices\":[{\"index\":0,\"message\":{\"content\":\"Hi\"}}],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1}}";

    public static TheoryData<string, string, int, string?> Errors { get; } = new()
    {
        { Gemini + GoogleError, "gemini", 503, "UNAVAILABLE" },
        { Gemini + GoogleError.ReplaceLineEndings("\r\n") + "\r\n", "gemini", 503, "UNAVAILABLE" },
        { Gemini.ReplaceLineEndings("\r") + GoogleError.ReplaceLineEndings("\r"), "gemini", 503, "UNAVAILABLE" },
        { Gemini + GoogleError.TrimEnd(), "gemini", 503, "UNAVAILABLE" },
        { Gemini + ": comment\nid: 7\n" + GoogleError + Gemini, "gemini", 503, "UNAVAILABLE" },
        { string.Concat(Enumerable.Repeat(Gemini, 6)) + GoogleError, "gemini", 503, "UNAVAILABLE" },
        { string.Concat(Enumerable.Repeat(Chat, 6)) + "{\"error\":{\"message\":\"m\",\"type\":\"server_error\",\"code\":500}}",
            "openai-chat", 500, "server_error" },
        { Chat + "{\"error\":{\"message\":\"m\",\"type\":\"server_error\",\"code\":500}}\n" + ChatEnd, "openai-chat", 500, "server_error" },
        { Chat + "{\"warning\":\"slow\"}\n\n{\"error\":{\"message\":\"m\",\"code\":429}} {", "openai-chat", 429, "429" },
        { Chat
            + "{\"a\":[\n{\"error\":{\"message\":\"no\",\"code\":400}}\n]}{\"error\":{}}\n{\"error\":{\"message\":\"m\",\"code\":429}}\n",
            "openai-chat", 429, "429" },
        { Answers.ClaudeStart
            + Answers.ClaudeText + "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n",
            "anthropic-messages", 529, "overloaded_error" },
        { ": PROCESSING\n\n: PROCESSING\n\n{\"error\":{\"message\":\"m\",\"type\":\"server_error\",\"code\":500}}\n",
            "openai-chat", 500, "server_error" },
    };

    [Theory]
    [MemberData(nameof(Errors))]
    public void An_error_is_one_though_no_data_field_says_it(string body, string protocol, int status, string? type)
    {
        foreach (ReadBody read in InPieces(body))
        {
            (read.Protocol, read.Outcome, read.StatusCode, read.State.Error?.Type)
                .Should().Be((protocol, StreamOutcome.ProviderError, status, type));
        }
    }

    [Fact]
    public void Events_after_the_object_are_read_as_before_it()
    {
        foreach (ReadBody read in InPieces(Chat + Chat + Chat + "{\"warning\":\"slow\"}\n" + Chat + ChatEnd))
        {
            read.Should().BeEquivalentTo(new
            {
                Outcome = StreamOutcome.Completed,
                EventCount = 7,
                OutputCharacters = 8,
                SkippedEvents = 0,
                Counts = "in 5 read 0 write 0 (0+0) out 1 reasoning -",
            });
        }
    }

    [Fact]
    public void An_object_behind_comments_is_a_whole_body()
    {
        foreach (ReadBody read in InPieces(": PROCESSING\n\n" + Whole))
        {
            read.Should().BeEquivalentTo(new
            {
                Outcome = StreamOutcome.Completed,
                EventCount = 1,
                OutputCharacters = 2,
                Counts = "in 5 read 0 write 0 (0+0) out 1 reasoning -",
            });
        }
    }

    [Fact]
    public void Objects_in_lines_behind_a_comment_are_a_stream()
    {
        foreach (ReadBody read in InPieces(": PROCESSING\n" + Chat[6..^1] + Chat[6..^1]))
        {
            read.Should().BeEquivalentTo(new { Outcome = StreamOutcome.Interrupted, EventCount = 2, OutputCharacters = 4 });
        }
    }

    [Fact]
    public void An_object_behind_events_is_a_part_of_the_stream()
    {
        foreach (ReadBody read in InPieces(Chat + "{\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1}}\n"))
        {
            read.Should().BeEquivalentTo(
                new { Outcome = StreamOutcome.Interrupted, EventCount = 2, Counts = "in 5 read 0 write 0 (0+0) out 1 reasoning -" });
        }
    }

    [Theory]
    [InlineData("{\n")]
    [InlineData("{\"error\":{\"message\":\"cut\n\n")]
    [InlineData("{not json}\n")]
    [InlineData("{ color: red }\n{{\n}\n")]
    [InlineData("event: ping\n{\n\n")]
    public void What_only_begins_like_an_object_takes_nothing_from_the_events_that_follow(string line)
    {
        foreach (ReadBody read in InPieces(Chat + line + Chat + line + ChatEnd + line))
        {
            read.Should().BeEquivalentTo(new
            {
                Outcome = StreamOutcome.Completed,
                EventCount = 4,
                SkippedEvents = 0,
                OutputCharacters = 4,
                Counts = "in 5 read 0 write 0 (0+0) out 1 reasoning -",
            });
            read.State.Error.Should().BeNull();
        }
    }

    [Fact]
    public void A_line_of_an_events_data_is_no_object() =>
        InPieces("data: {\"choices\":[],\n{\"error\":{\"code\":500}}\ndata: \"id\":\"c\"}\n\n" + ChatEnd)
            .Should().OnlyContain(read => read.Outcome == StreamOutcome.Completed && read.EventCount == 3);

    [Fact]
    public void A_web_page_with_braces_stays_unreadable()
    {
        foreach (ReadBody read in InPieces("<html>\n<style>\n{ color: red }\n</style>\n<script>\n{\nx();\n}\n</script>\n"))
        {
            read.Should().BeEquivalentTo(new { Outcome = StreamOutcome.Unreadable, EventCount = 0, SkippedEvents = 0 });
        }
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(1)]
    [InlineData(700)]
    public void An_error_over_the_limit_is_read_as_it_passes(int pieceLength)
    {
        byte[] body = Encoding.UTF8
            .GetBytes(Chat + "{\"padding\":\"" + new string('x', 5000) + "\",\n\"error\":{\"code\":503,\"message\":\"m\"}}\n" + ChatEnd);

        ReadBody.Of(body, pieceLength: pieceLength, maxEventBytes: 1000).Should().BeEquivalentTo(
            new { Outcome = StreamOutcome.ProviderError, StatusCode = 503, EventCount = 4, SkippedEvents = 0 });
    }

    // Whole, in pieces of each length, so that every place is cut once, and at random.
    private static IEnumerable<ReadBody> InPieces(string text)
    {
        byte[] body = Encoding.UTF8.GetBytes(text);
        for (int length = 1; length <= body.Length; length++)
        {
            yield return ReadBody.Of(body, pieceLength: length);
        }

        for (int seed = 0; seed < 20; seed++)
        {
            yield return ReadBody.Of(body, pieceLength: 40, lengths: new Random(seed));
        }
    }
}
