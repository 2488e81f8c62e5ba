using System.Text;
using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Capture;
using StreamUsage.Parsing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Capture;

public sealed class CaptureTests
{
    [Fact]
    public async Task Nothing_but_headers_is_kept_unless_it_is_asked_for()
    {
        UsageRecord record =
            await Captured.RecordAsync(Answers.ClaudeBytes, new StreamUsageOptions(), new UsageContext { RequestBody = "{}"u8.ToArray() });

        record.Response.Should().BeNull();
        record.Context.RequestBody.IsEmpty.Should().BeTrue();
    }

    [Fact]
    public async Task Events_are_kept_as_they_were_sent_whatever_they_are()
    {
        CapturedResponse response = await Captured.ResponseAsync("""
            event: message_start
            data: {"type":"message_start",
            data: "message":{"id":"é"}}

            data: garbage

            : comment

            data: [DONE]

            data: {"type":"ping"}
            """, CapturedContent.Events, pieceLength: 3);

        response.Events
            .Should().Equal("{\"type\":\"message_start\",\n\"message\":{\"id\":\"é\"}}", "garbage", "[DONE]", """{"type":"ping"}""");
        response.Message.Should().BeNull();
        response.Truncated.Should().BeFalse();
    }

    [Fact]
    public async Task Of_a_body_that_no_parser_reads_there_is_an_excerpt_and_no_message()
    {
        CapturedResponse response = await Captured.ResponseAsync("<html>502</html>", CapturedContent.Message | CapturedContent.Events);

        response.Should().BeEquivalentTo(new { RawExcerpt = "<html>502</html>", Message = (AssistantMessage?)null, Truncated = false });
        response.Events.Should().BeEmpty();
    }

    [Fact]
    public async Task An_error_has_a_message_without_blocks()
    {
        AssistantMessage message = (await Captured.ResponseAsync(Answers.ClaudeError)).Message!;

        message.Content.Should().BeEmpty();
    }

    [Fact]
    public async Task The_request_body_is_a_copy_of_what_the_caller_gave()
    {
        byte[] requestBody = Encoding.UTF8.GetBytes("""{"model":"é"}""");
        UsageRecord record = await Captured.RecordAsync(Answers.ClaudeBytes,
            new StreamUsageOptions { Capture = CapturedContent.RequestBody }, new UsageContext { RequestBody = requestBody });
        Array.Clear(requestBody);

        Encoding.UTF8.GetString(record.Context.RequestBody.Span).Should().Be("""{"model":"é"}""");
        record.Response.Should().BeNull();
    }

    [Fact]
    public async Task A_request_body_over_the_limit_is_cut_between_characters_and_says_so()
    {
        var options = new StreamUsageOptions { Capture = CapturedContent.RequestBody, MaxCapturedBytes = 2 };
        UsageRecord record =
            await Captured.RecordAsync(Answers.ClaudeBytes, options, new UsageContext { RequestBody = Encoding.UTF8.GetBytes("aé") });

        Encoding.UTF8.GetString(record.Context.RequestBody.Span).Should().Be("a");
        record.Response.Should().BeEquivalentTo(new { Truncated = true, Message = (AssistantMessage?)null });
    }

    [Theory]
    [InlineData(-1)]
    [InlineData((1L << 30) + 1)]
    public void A_limit_out_of_range_is_named(long limit)
    {
        Func<UsageTracker> make = () => new UsageTracker(new RecordingSink(), new StreamUsageOptions { MaxCapturedBytes = limit });

        make.Should().Throw<ArgumentException>().WithMessage("*MaxCapturedBytes*1 GiB*");
    }

    [Fact]
    public async Task A_parser_that_tells_of_no_blocks_is_understood_all_the_same()
    {
        var options = new StreamUsageOptions { Capture = CapturedContent.Message };
        options.AddParser(new ApiFormat("LINES"), new LinesParser());
        byte[] body = Encoding.UTF8.GetBytes("data: Reasoning:a\n\ndata: Reasoning:b\n\ndata: Text:c\n\ndata: ToolName:f\n\n"
            + "data: ToolArguments:{\n\ndata: ToolArguments:}\n\ndata: ToolName:g\n\ndata: Text:d\n\n");

        UsageRecord record = await Captured.RecordAsync(body, options, new UsageContext { ApiFormat = new ApiFormat("LINES") });

        record.Response!.Message!.Lines().Should().Equal("thinking 'ab'", "text 'c'", "tool_use f {}", "tool_use g", "text 'd'");
    }

    [Theory]
    [InlineData(Answers.Claude)]
    [InlineData(Answers.ChatText + Answers.ChatDone)]
    [InlineData(Answers.ResponsesCreated + Answers.ResponsesFailed)]
    [InlineData(Answers.RefusedJson)]
    public async Task Capture_changes_no_count(string body)
    {
        UsageRecord plain = await Captured.RecordAsync(Answers.Bytes(body), new StreamUsageOptions { Capture = CapturedContent.None });
        UsageRecord kept = await Captured.RecordAsync(
            Answers.Bytes(body), new StreamUsageOptions { Capture = CapturedContent.Message | CapturedContent.Events });

        Figures(kept).Should().Be(Figures(plain));
    }

    private static string Figures(UsageRecord record) => JsonSerializer.Serialize(record with
    {
        Id = default,
        Response = null,
        StartedAt = default,
        Duration = default,
        TimeToFirstByte = null,
        TimeToFirstToken = null,
        TimeToLastByte = null,
    });

    /// <summary>Data that is <c>kind:text</c>.</summary>
    private sealed class LinesParser : IUsageParser
    {
        public string Protocol => "lines";

        public ParserMatch Match(StreamEvent streamEvent) => ParserMatch.Certain;

        public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state)
        {
            int colon = streamEvent.Data.IndexOf((byte)':');
            streamEvent.Output.OnOutput(Enum.Parse<OutputKind>(Encoding.UTF8.GetString(streamEvent.Data[..colon])),
                0, streamEvent.Data[(colon + 1)..], isEscaped: false);
            return state;
        }
    }
}
