using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Parsing;

/// <summary>Errors without an error object, in streams and as whole bodies: never a completed answer, and nothing is
/// charged where no output was seen.</summary>
public sealed class FlatErrorTests
{
    private static readonly string[] Beginnings =
    [
        "", Answers.ChatText, Answers.ClaudeStart + Answers.ClaudeText, Answers.ResponsesCreated,
        .. ((string[])
        [
            """{"candidates":[{"content":{"parts":[{"text":"a"}]}}]}""",
            """{"event_type":"interaction.created","interaction":{"id":"","status":"in_progress","object":"interaction"}}""",
            """{"type":"message-start","id":"c","delta":{"message":{"role":"assistant"}}}""",
            """{"is_finished":false,"event_type":"stream-start","generation_id":"g"}""",
            """{"type":"conversation.response.started","conversation_id":"c"}""",
            """{"messageStart":{"role":"assistant"}}""",
            """{"object":"text_completion","choices":[{"index":0,"text":"a"}]}""",
            """{"type":"transcript.text.delta","delta":"a"}""",
            """{"type":"image_generation.partial_image","b64_json":"AAAA","partial_image_index":0}""",
        ]).Select(data => ReadBody.Sse(data)),
    ];

    [Theory]
    [InlineData("""{"error_type":"BadRequestError","error_message":"too long"}""", 502, "BadRequestError", "too long")]
    [InlineData(
        """{"id":null,"object":"chat.completion.chunk","choices":null,"error_type":"rate_limit_error","error_message":"slow down"}""",
        429, "rate_limit_error", "slow down")]
    [InlineData("""{"choices":null,"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}}""",
        502, "1008", "insufficient balance")]
    [InlineData("""{"code":"Throttling","message":"slow down","request_id":"q"}""", 502, "Throttling", "slow down")]
    [InlineData("""{"code":429,"msg":"slow down"}""", 429, "429", "slow down")]
    [InlineData("""{"error_code":336003,"detail":"bad"}""", 502, "336003", "bad")]
    [InlineData("""{"success":false,"errors":[{"code":5007,"message":"no such model"}],"result":null}""", 502, "5007", "no such model")]
    [InlineData("""{"success":false,"message":"no","data":null}""", 502, null, "no")]
    public void An_error_that_lies_flat_is_one(string data, int status, string? type, string message)
    {
        foreach (string beginning in Beginnings)
        {
            foreach (int pieceLength in (int[])[int.MaxValue, 1])
            {
                ReadBody read = ReadBody.Of($"{beginning}data: {data}\n\ndata: [DONE]\n\n", pieceLength: pieceLength);

                (read.Outcome, read.StatusCode, read.State.Error)
                    .Should().Be((StreamOutcome.ProviderError, status, read.State.Error), "after '{0}'", beginning);
                read.State.Error.Should().BeEquivalentTo(new
                {
                    Type = (type?.All(char.IsAsciiDigit) ?? false) && status == 502 ? read.State.Error!.Type : type,
                    Message = message,
                });
            }
        }

        ReadBody.Of(data).Outcome.Should().Be(StreamOutcome.ProviderError, "as a whole body");
    }

    [Fact]
    public void A_message_of_Claudes_shape_with_a_status_of_its_gateway_is_an_error_unless_that_is_0()
    {
        const string Message = """{"id":"m","type":"message","role":"assistant","content":[],"usage":{"input_tokens":0,"output_tokens":0}"""
            + ""","base_resp":{"status_code":CODE,"status_msg":"insufficient balance"}}""";

        ReadBody refused = ReadBody.Of(Message.Replace("CODE", "1008", StringComparison.Ordinal));

        (refused.Protocol, refused.Outcome, refused.State.Error?.Message)
            .Should().Be(("anthropic-messages", StreamOutcome.ProviderError, "insufficient balance"));
        ReadBody.Of(Message.Replace("CODE", "0", StringComparison.Ordinal)).Outcome.Should().Be(StreamOutcome.Completed);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"ping":1}""")]
    public void An_object_that_says_nothing_completes_no_stream(string data)
    {
        foreach (string beginning in Beginnings.Skip(1))
        {
            ReadBody.Of($"{beginning}data: {data}\n\n").Outcome.Should().Be(StreamOutcome.Interrupted, "after '{0}'", beginning);
        }
    }

    [Theory]
    [InlineData(
        """{"choices":[{"index":0,"message":{"content":"Hi"},"finish_reason":"stop"}],"base_resp":{"status_code":0,"status_msg":""}}""")]
    [InlineData("""{"code":0,"message":"","choices":[{"index":0,"message":{"content":"Hi"},"finish_reason":"stop"}]}""")]
    [InlineData("""{"code":200,"msg":"ok","choices":[{"index":0,"message":{"content":"Hi"},"finish_reason":"stop"}]}""")]
    [InlineData("""{"code":20000,"message":"of the choices","choices":[{"index":0,"message":{"content":"Hi"},"finish_reason":"stop"}]}""")]
    [InlineData("""{"success":true,"errors":[],"choices":[{"index":0,"message":{"content":"Hi"},"finish_reason":"stop"}]}""")]
    [InlineData("""{"choices":[{"index":0,"message":{"content":"Hi"},"finish_reason":"stop"}],"error":{}}""")]
    [InlineData(
        """{"error":{"message":"","type":"","code":null},"choices":[{"index":0,"message":{"content":"Hi"},"finish_reason":"stop"}]}""")]
    public void Words_of_success_are_no_error(string data) =>
        ReadBody.Of(data).Should().BeEquivalentTo(new { Outcome = StreamOutcome.Completed, OutputCharacters = 2 });

    [Theory]
    [InlineData("error: {\"code\":400,\"message\":\"too long\",\"type\":\"invalid_request_error\"}\n\ndata: [DONE]\n\n")]
    [InlineData("error: {\"code\":400,\"message\":\"too long\",\"type\":\"invalid_request_error\"}\ndata: [DONE]\n\n")]
    [InlineData("error:{\"code\":400,\"message\":\"too long\",\"type\":\"invalid_request_error\"}\r\n\r\n")]
    [InlineData("error: {\"code\":400,\"message\":\"too long\",\"type\":\"invalid_request_error\"}")]
    public void An_error_in_a_field_of_that_name_is_one(string body)
    {
        foreach (string beginning in Beginnings)
        {
            foreach (int pieceLength in (int[])[int.MaxValue, 1, 7])
            {
                ReadBody read = ReadBody.Of(beginning + body, pieceLength: pieceLength);

                (read.Outcome, read.StatusCode).Should().Be((StreamOutcome.ProviderError, 400));
                read.State.Error.Should().BeEquivalentTo(new { Type = "invalid_request_error", Message = "too long" });
            }
        }
    }

    [Theory]
    [InlineData("data: {\"error_type\":\"BadRequestError\",\"error_message\":\"too long\"}\n\n")]
    [InlineData("error: {\"code\":400,\"message\":\"too long\"}\n\ndata: [DONE]\n\n")]
    [InlineData("data: {\"choices\":null,\"usage\":{\"prompt_tokens\":0,\"completion_tokens\":0},\"base_resp\":{\"status_code\":1008,"
        + "\"status_msg\":\"no\"}}\n\n")]
    [InlineData("data: [DONE]\n\n")]
    public async Task A_refused_request_costs_nothing(string body)
    {
        await using var tracker = new UsageTracker(new RecordingSink(), Track.ByCharacters);
        var context = new UsageContext
        {
            RequestBody = """{"model":"m","messages":[{"role":"user","content":"A question that costs something."}]}"""u8.ToArray(),
        };
        Stream stream = tracker.Track(
            new PiecewiseStream(System.Text.Encoding.UTF8.GetBytes(body), 5), context, out UsageTracking tracking);
        await Track.ReadToEndAsync(stream);

        (await tracking.Completion).Should().BeEquivalentTo(new
        {
            InputSource = TokenSource.None,
            OutputSource = TokenSource.None,
            Usage = default(TokenUsage),
            Status = UsageStatus.Failed,
        });
    }
}
