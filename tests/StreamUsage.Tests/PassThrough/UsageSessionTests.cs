using System.Text;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.PassThrough;

/// <summary>The messages of a socket: one record of each response, whichever protocol it is.</summary>
public sealed class UsageSessionTests : IAsyncDisposable
{
    private const string Created = """{"type":"session.created","event_id":"e0","session":"""
        + """{"type":"realtime","model":"gpt-realtime","audio":{"input":{"transcription":{"model":"whisper-1"}}}}}""";

    private readonly RecordingSink _sink = new();
    private readonly UsageTracker _tracker;

    public UsageSessionTests() => _tracker = new UsageTracker(_sink, Track.ByCharacters);

    public ValueTask DisposeAsync() => _tracker.DisposeAsync();

    [Fact]
    public async Task A_realtime_response_gives_a_record_when_it_is_done()
    {
        using UsageSession session = _tracker.TrackMessages(Track.Nothing);

        UsageRecord record = await EndAsync(
            session,
            Created,
            """{"type":"response.created","event_id":"e1","response":"""
                + """{"object":"realtime.response","id":"resp_1","status":"in_progress"}}""",
            """{"type":"response.output_item.added","event_id":"e2","response_id":"resp_1","output_index":0"""
                + ""","item":{"id":"i1","type":"message","role":"assistant","content":[]}}""",
            """{"type":"response.output_audio_transcript.delta","event_id":"e3","response_id":"resp_1","item_id":"i1","output_index":0"""
                + ""","content_index":0,"delta":"It is four."}""",
            """{"type":"response.output_audio.delta","event_id":"e4","response_id":"resp_1","item_id":"i1","output_index":0"""
                + ""","content_index":0,"delta":"AAAA"}""",
            Done("resp_1", "completed", input: 120, cached: 64, output: 30));

        record.Should().BeEquivalentTo(new
        {
            Protocol = "openai-realtime",
            ApiFormat = ApiFormat.OpenAI,
            Operation = "chat",
            Streamed = true,
            Outcome = StreamOutcome.Completed,
            StatusCode = 200,
            HttpStatusCode = (int?)null,
            ResponseId = "resp_1",
            StopReason = "completed",
            OutputCharacters = 11,
            EventCount = 5,
            InputSource = TokenSource.Reported,
            OutputSource = TokenSource.Reported,
            Context = new { Model = "gpt-realtime" },
        });
        (record.Usage.InputTokens, record.Usage.CacheReadInputTokens, record.Usage.OutputTokens).Should().Be((56, 64, 30));
        (record.Usage.InputAudioTokens, record.Usage.CacheReadAudioTokens, record.Usage.OutputAudioTokens).Should().Be((100, 60, 20));
    }

    [Fact]
    public async Task The_time_of_a_response_begins_with_the_response_not_with_the_session()
    {
        using UsageSession session = _tracker.TrackMessages(
            new UsageContext { UserId = "user", RequestStartedAt = DateTimeOffset.UtcNow.AddHours(-1) });

        UsageRecord record = await EndAsync(session, Created, Done("resp_1", "completed", input: 120, cached: 64, output: 30));

        record.Duration.Should().BeLessThan(TimeSpan.FromMinutes(1));
        record.Context.UserId.Should().Be("user");
    }

    [Theory]
    [InlineData("cancelled", "\"type\":\"cancelled\",\"reason\":\"turn_detected\"", StreamOutcome.Completed, "turn_detected", 200)]
    [InlineData("incomplete",
        "\"type\":\"incomplete\",\"reason\":\"max_output_tokens\"", StreamOutcome.Completed, "max_output_tokens", 200)]
    [InlineData("failed",
        "\"type\":\"failed\",\"error\":{\"type\":\"rate_limit_exceeded\",\"code\":\"x\"}", StreamOutcome.ProviderError, "failed", 429)]
    public async Task A_realtime_response_ends_by_its_status(
        string status, string details, StreamOutcome outcome, string stopReason, int statusCode)
    {
        using UsageSession session = _tracker.TrackMessages(Track.Nothing);

        UsageRecord record = await EndAsync(session, Done("resp_1", status, input: 10, cached: 0, output: 2, details));

        (record.Outcome, record.StopReason, record.StatusCode, record.Usage.InputTokens, record.Usage.OutputTokens)
            .Should().Be((outcome, stopReason, statusCode, 10, 2));
    }

    [Fact]
    public async Task Text_under_the_earlier_name_of_its_event_is_output()
    {
        using UsageSession session = _tracker.TrackMessages(Track.Nothing);

        UsageRecord record = await EndAsync(
            session,
            """{"type":"response.text.delta","event_id":"e1","response_id":"resp_1","item_id":"i1","delta":"It is four."}""",
            """{"type":"response.text.done","event_id":"e2","response_id":"resp_1","item_id":"i1","text":"It is four."}""",
            Done("resp_1", "completed", 10, 0, 2));

        record.OutputCharacters.Should().Be(11);
    }

    [Theory]
    [InlineData("""{"serverContent":{x}}""")]
    [InlineData("""{"serverContent":{"turnComplete" true}}""")]
    [InlineData("""{"type":"session.created","session":{x}}""")]
    [InlineData("""{"type":"session.created","session":{"audio":{"input":{x}}}}""")]
    [InlineData("""{"type":"response.created","response":{x}}""")]
    public void A_message_that_is_broken_inside_is_ignored(string message)
    {
        using UsageSession session = _tracker.TrackMessages(Track.Nothing);

        Receive(session, message).Should().BeNull();
    }

    [Fact]
    public async Task Responses_that_are_open_at_once_are_told_apart_by_their_ids()
    {
        using UsageSession session = _tracker.TrackMessages(Track.Nothing);
        Receive(session, """{"type":"response.created","event_id":"e1","response":{"id":"a"}}""",
            """{"type":"response.created","event_id":"e2","response":{"id":"b"}}""");
        Receive(session, """{"type":"response.output_text.delta","event_id":"e3","response_id":"b","delta":"bb"}""",
            """{"type":"response.output_text.delta","event_id":"e4","response_id":"a","delta":"aaaa"}""");

        UsageRecord first = await EndAsync(session, Done("b", "completed", 10, 0, 2));
        UsageRecord second = await EndAsync(session, Done("a", "completed", 20, 0, 4));

        (first.ResponseId, first.Usage.InputTokens, first.OutputCharacters).Should().Be(("b", 10, 2));
        (second.ResponseId, second.Usage.InputTokens, second.OutputCharacters).Should().Be(("a", 20, 4));
        _sink.Records.Should().Equal(first, second);
    }

    [Fact]
    public async Task A_transcription_is_a_bill_of_its_own_by_its_own_model()
    {
        using UsageSession session = _tracker.TrackMessages(new UsageContext { Model = "gpt-realtime-2" });
        Receive(session, Created, """{"type":"response.created","event_id":"e1","response":{"id":"resp_1"}}""");

        UsageRecord seconds = await EndAsync(
            session,
            """{"type":"conversation.item.input_audio_transcription.delta","event_id":"e2","item_id":"item_1","content_index":0"""
                + ""","delta":"Two and two"}""",
            """{"type":"conversation.item.input_audio_transcription.completed","event_id":"e3","item_id":"item_1","content_index":0"""
                + ""","transcript":"Two and two","usage":{"type":"duration","seconds":2.5}}""");
        UsageRecord tokens = await EndAsync(
            session,
            """{"type":"conversation.item.input_audio_transcription.completed","event_id":"e4","""
                + "\"item_id\":\"item_2\",\"transcript\":\"Hi\",\"usage\":"
                + """{"type":"tokens","input_tokens":20,"input_token_details":"""
                + """{"audio_tokens":20}"""
                + ""","output_tokens":3,"total_tokens":23}}""");

        seconds.Should().BeEquivalentTo(new
        {
            Operation = "transcription",
            ResponseId = "item_1",
            Outcome = StreamOutcome.Completed,
            OutputCharacters = 11,
            InputSource = TokenSource.None,
            OutputSource = TokenSource.None,
            Context = new { Model = "whisper-1" },
        });
        seconds.BilledUnits.Should().Equal(new Dictionary<string, decimal> { ["audio_seconds"] = 2.5m });
        (tokens.ResponseId, tokens.Usage.InputTokens, tokens.Usage.InputAudioTokens, tokens.Usage.OutputTokens)
            .Should().Be(("item_2", 20, 20, 3));
    }

    [Fact]
    public async Task A_transcription_that_fails_is_an_error_and_the_session_goes_on()
    {
        using UsageSession session = _tracker.TrackMessages(Track.Nothing);

        UsageRecord failed = await EndAsync(
            session,
            """{"type":"conversation.item.input_audio_transcription.failed","event_id":"e1","item_id":"item_1","error":"""
                + """{"type":"invalid_request_error","message":"No sound."}}""");
        Receive(session, """{"type":"error","event_id":"e2","error":{"type":"invalid_request_error","message":"Not a response's."}}""");
        UsageRecord next = await EndAsync(session, Done("resp_1", "completed", 10, 0, 2));

        (failed.Outcome, failed.StatusCode, failed.ErrorMessage).Should().Be((StreamOutcome.ProviderError, 400, "No sound."));
        (next.Outcome, next.ErrorMessage).Should().Be((StreamOutcome.Completed, null));
        _sink.Records.Should().HaveCount(2);
    }

    [Fact]
    public async Task Responses_over_a_socket_are_told_apart_by_their_lanes()
    {
        using UsageSession session = _tracker.TrackMessages(Track.Nothing);
        Receive(
            session,
            """{"type":"response.created","sequence_number":0,"stream_id":"one","response":"""
                + """{"id":"resp_1","object":"response","model":"gpt-9","status":"in_progress"}}""",
            """{"type":"response.created","sequence_number":0,"stream_id":"two","response":"""
                + """{"id":"resp_2","object":"response","model":"gpt-9","status":"in_progress"}}""",
            """{"type":"response.output_text.delta","sequence_number":1,"stream_id":"two","delta":"It is four."}""");

        UsageRecord failed = await EndAsync(
            session, """{"type":"error","stream_id":"one","status":429,"error":{"type":"rate_limit_error","message":"Too many."}}""");
        UsageRecord record = await EndAsync(
            session, """{"type":"response.completed","sequence_number":2,"stream_id":"two","response":"""
                + """{"id":"resp_2","status":"completed","usage":{"input_tokens":30,"input_tokens_details":{"cached_tokens":10}"""
                + ""","output_tokens":5,"total_tokens":35}}}""");

        (failed.ResponseId, failed.Outcome, failed.StatusCode).Should().Be(("resp_1", StreamOutcome.ProviderError, 429));
        record.Should().BeEquivalentTo(new
        {
            Protocol = "openai-responses",
            ResponseId = "resp_2",
            ResponseModel = "gpt-9",
            Outcome = StreamOutcome.Completed,
            OutputCharacters = 11,
        });
        (record.Usage.InputTokens, record.Usage.CacheReadInputTokens, record.Usage.OutputTokens).Should().Be((20, 10, 5));
    }

    [Fact]
    public async Task A_live_turn_ends_when_it_is_complete_and_its_last_usage_counts()
    {
        using UsageSession session = _tracker.TrackMessages(new UsageContext { Model = "gemini-live" });

        UsageRecord first = await EndAsync(
            session,
            """{"setupComplete":{}}""",
            """{"serverContent":{"inputTranscription":{"text":"What?"}}}""",
            """{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"mimeType":"audio/pcm","data":"AAAA"}}]}}}""",
            """{"serverContent":{"outputTranscription":{"text":"It is four."}},"usageMetadata":{"promptTokenCount":100"""
                + ""","responseTokenCount":9,"totalTokenCount":109}}""",
            """{"toolCall":{"functionCalls":[{"id":"f1","name":"weather","args":{"city":"Bern"}}]}}""",
            """{"serverContent":{"generationComplete":true}}""",
            """{"serverContent":{"turnComplete":true},"usageMetadata":{"promptTokenCount":143,"cachedContentTokenCount":40"""
                + ""","toolUsePromptTokenCount":7,"responseTokenCount":19,"thoughtsTokenCount":5,"totalTokenCount":174"""
                + ""","responseTokensDetails":[{"modality":"AUDIO","tokenCount":19}]}}""");
        UsageRecord second = await EndAsync(
            session,
            """{"usageMetadata":{"promptTokenCount":143,"responseTokenCount":19,"totalTokenCount":162}}""",
            """{"serverContent":{"modelTurn":{"parts":[{"text":"Yes."}]}}}""",
            """{"serverContent":{"turnComplete":true},"usageMetadata":{"promptTokenCount":181,"responseTokenCount":24"""
                + ""","totalTokenCount":205}}""");

        first.Should().BeEquivalentTo(new
        {
            Protocol = "gemini",
            ApiFormat = ApiFormat.Gemini,
            Operation = "generate_content",
            Outcome = StreamOutcome.Completed,
            OutputCharacters = 11 + 15,
            InputSource = TokenSource.Reported,
            OutputSource = TokenSource.Reported,
        });
        (first.Usage.InputTokens, first.Usage.CacheReadInputTokens,
            first.Usage.OutputTokens, first.Usage.ReasoningTokens, first.Usage.OutputAudioTokens).Should().Be((110, 40, 24, 5, 19));
        (second.Usage.InputTokens, second.Usage.OutputTokens, second.OutputCharacters).Should().Be((181, 24, 4));
        _sink.Records.Should().Equal(first, second);
    }

    [Fact]
    public async Task A_live_turn_that_the_user_interrupts_ends_where_the_next_begins()
    {
        using UsageSession session = _tracker.TrackMessages(Track.Nothing);
        Receive(session, """{"serverContent":{"modelTurn":{"parts":[{"text":"It is"}]}},"usageMetadata":{"promptTokenCount":10"""
            + ""","responseTokenCount":2,"totalTokenCount":12}}""");
        Receive(session, """{"serverContent":{"interrupted":true}}""");

        UsageRecord interrupted = await EndAsync(session, """{"serverContent":{"modelTurn":{"parts":[{"text":"Yes."}]}}}""");

        (interrupted.Outcome, interrupted.StopReason, interrupted.Usage.InputTokens, interrupted.Usage.OutputTokens)
            .Should().Be((StreamOutcome.Completed, "interrupted", 10, 2));
    }

    [Theory]
    [InlineData(false, StreamOutcome.Interrupted)]
    [InlineData(true, StreamOutcome.ClientAborted)]
    public async Task A_response_that_had_not_ended_is_recorded_when_the_session_ends(bool isLeft, StreamOutcome outcome)
    {
        UsageSession session = _tracker.TrackMessages(Track.Nothing);
        Receive(session, """{"type":"response.created","event_id":"e1","response":{"id":"a"}}""",
            """{"type":"response.output_text.delta","event_id":"e2","response_id":"a","delta":"Eight ch"}""");
        if (!isLeft)
        {
            session.Complete();
        }

        session.Dispose();
        session.Receive(Encoding.UTF8.GetBytes(Done("a", "completed", 1, 0, 1))).Should().BeNull();
        await _tracker.DisposeAsync();

        _sink.Records.Should().ContainSingle().Which.Should().BeEquivalentTo(
            new { Outcome = outcome, ResponseId = "a", OutputSource = TokenSource.Estimated, Usage = new { OutputTokens = 2 } });
    }

    [Fact]
    public async Task A_socket_that_breaks_is_named_as_the_cause()
    {
        using UsageSession session = _tracker.TrackMessages(Track.Nothing);
        Receive(session, """{"type":"response.created","event_id":"e1","response":{"id":"a"}}""");

        session.Complete(new IOException("reset"));
        await _tracker.DisposeAsync();

        _sink.Records.Should().ContainSingle().Which
            .Should().BeEquivalentTo(new { Outcome = StreamOutcome.Interrupted, ErrorType = "IOException", ErrorMessage = "reset" });
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[1]")]
    [InlineData("{\"type\":")]
    [InlineData("{\"type\":\"rate_limits.updated\",\"event_id\":\"e\"}")]
    [InlineData("{\"usageMetadata\":{\"promptTokenCount\":1}}")]
    [InlineData("{\"type\":\"response.output_text.delta\",\"delta\":\"of no response\"}")]
    public async Task A_message_of_no_response_says_nothing(string message)
    {
        using (UsageSession session = _tracker.TrackMessages(Track.Nothing))
        {
            session.Receive(Encoding.UTF8.GetBytes(message)).Should().BeNull();
        }

        await _tracker.DisposeAsync();
        _sink.Records.Should().BeEmpty();
    }

    [Fact]
    public async Task Responses_that_never_end_are_bounded()
    {
        using UsageSession session = _tracker.TrackMessages(Track.Nothing);
        for (int i = 0; i < 200; i++)
        {
            Receive(session, $$$"""{"type":"response.created","event_id":"e","response":{"id":"r{{{i}}}"}}""");
        }

        session.Dispose();
        await _tracker.DisposeAsync();
        _sink.Records.Should().HaveCount(200);
    }

    [Fact]
    public void A_session_needs_a_context() =>
        FluentActions.Invoking(() => _tracker.TrackMessages(null!)).Should().Throw<ArgumentNullException>();

    private static string Done(string id, string status, long input, long cached, long output, string details = "") =>
        """{"type":"response.done","event_id":"e9","response":"""
        + $$$$$$"""{"object":"realtime.response","id":"{{{{{{id}}}}}}","status":"{{{{{{status}}}}}}","status_details":"""
        + $$$$$$"""{{{{{{{details}}}}}}},"output":[],"usage":{"total_tokens":{{{{{{input + output}}}}}},"input_tokens":{{{{{{input}}}}}}"""
        + $$$$$$""","output_tokens":{{{{{{output}}}}}},"input_token_details":{"text_tokens":20,"audio_tokens":100,"image_tokens":0"""
        + $$$$$$""","cached_tokens":{{{{{{cached}}}}}},"cached_tokens_details":{"text_tokens":4,"audio_tokens":60,"image_tokens":0}}"""
        + ""","output_token_details":{"text_tokens":10,"audio_tokens":20}}}}""";

    private static UsageTracking? Receive(UsageSession session, params ReadOnlySpan<string> messages)
    {
        UsageTracking? ended = null;
        foreach (string message in messages)
        {
            byte[] utf8 = Encoding.UTF8.GetBytes(message);
            ended = session.Receive(utf8) ?? ended;
            Array.Clear(utf8); // The bytes are the caller's again.
        }

        return ended;
    }

    private static async Task<UsageRecord> EndAsync(UsageSession session, params string[] messages) =>
        await Receive(session, messages)!.Completion;
}
