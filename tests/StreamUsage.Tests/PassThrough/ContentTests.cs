using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.PassThrough;

/// <summary>Tracked content is read in every way that content can be read, and is counted once.</summary>
public sealed class ContentTests
{
    [Fact]
    public async Task TrackUsage_touches_nothing_of_the_body()
    {
        var content = new UntouchableContent();
        var sink = new RecordingSink();
        var response = new HttpResponseMessage { Content = content };

        UsageTracking tracking = response.TrackUsage(sink, Track.Nothing);
        response.Dispose();

        UsageRecord record = await tracking.Completion;
        record.Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.ClientAborted
            && r.Status == UsageStatus.Cancelled && r.StatusCode == 499 && r.BytesReceived == 0);
        record.Usage.Should().Be(default(TokenUsage));
        content.IsDisposed.Should().BeTrue();
        sink.Records.Should().HaveCount(1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ReadAsStream_twice_gives_the_same_stream(bool isAsynchronous)
    {
        using HttpResponseMessage response = Track.Response(Answers.Claude);
        UsageTracking tracking = response.TrackUsage(new RecordingSink(), Track.Nothing);

        Stream first = isAsynchronous ? await response.Content.ReadAsStreamAsync() : response.Content.ReadAsStream();
        Stream second = isAsynchronous ? await response.Content.ReadAsStreamAsync() : response.Content.ReadAsStream();

        second.Should().BeSameAs(first);
        (await Track.ReadToEndAsync(first)).Should().Be(Answers.Claude);
        (await tracking.Completion).BytesReceived.Should().Be(Answers.ClaudeBytes.Length);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task CopyTo_gives_the_bytes_and_one_record(bool isAsynchronous)
    {
        using HttpResponseMessage response = Track.Response(Answers.Claude);
        var sink = new RecordingSink();
        UsageTracking tracking = response.TrackUsage(sink, Track.Nothing);
        var seen = new MemoryStream();

        if (isAsynchronous)
        {
            await response.Content.CopyToAsync(seen);
        }
        else
        {
            response.Content.CopyTo(seen, null, CancellationToken.None);
        }

        seen.ToArray().Should().Equal(Answers.ClaudeBytes);
        (await tracking.Completion).Should().Match<UsageRecord>(
            r => r.Outcome == StreamOutcome.Completed && r.Usage.OutputTokens == 15 && r.BytesReceived == seen.Length);
        sink.Records.Should().HaveCount(1);
    }

    [Fact]
    public async Task Content_that_was_loaded_into_a_buffer_can_be_read_again_and_counts_once()
    {
        using HttpResponseMessage response = Track.Response(Answers.Claude);
        var sink = new RecordingSink();
        UsageTracking tracking = response.TrackUsage(sink, Track.Nothing);

        await response.Content.LoadIntoBufferAsync();
        string first = await response.Content.ReadAsStringAsync();
        byte[] second = await response.Content.ReadAsByteArrayAsync();

        first.Should().Be(Answers.Claude);
        second.Should().Equal(Answers.ClaudeBytes);
        (await tracking.Completion).Should().Match<UsageRecord>(r => r.BytesReceived == second.Length && r.Usage.OutputTokens == 15);
        sink.Records.Should().HaveCount(1);
    }

    [Fact]
    public async Task LoadIntoBuffer_over_its_limit_fails_as_without_tracking_and_the_reader_has_left()
    {
        using HttpResponseMessage plain = Track.Response(Answers.Claude);
        using HttpResponseMessage response = Track.Response(Answers.Claude);
        UsageTracking tracking = response.TrackUsage(new RecordingSink(), Track.Nothing);

        Exception expected = (await plain.Content.Invoking(c => c.LoadIntoBufferAsync(100))
            .Should().ThrowAsync<HttpRequestException>()).Which;
        (await response.Content.Invoking(c => c.LoadIntoBufferAsync(100)).Should().ThrowAsync<HttpRequestException>())
            .WithMessage(expected.Message);

        (await tracking.Completion).Outcome.Should().Be(StreamOutcome.ClientAborted);
    }

    [Fact]
    public async Task A_whole_JSON_answer_is_read_through_ReadFromJson()
    {
        const string Answer = """{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":"""
            + """[{"type":"text","text":"Hi"}],"stop_reason":"end_turn","usage":{"input_tokens":9,"output_tokens":4}}""";
        using var response = new HttpResponseMessage { Content = new StringContent(Answer, System.Text.Encoding.UTF8, "application/json") };
        UsageTracking tracking = response.TrackUsage(new RecordingSink(), Track.Nothing);

        JsonElement json = await response.Content.ReadFromJsonAsync<JsonElement>();

        json.GetProperty("stop_reason").GetString().Should().Be("end_turn");
        (await tracking.Completion).Should().Match<UsageRecord>(
            r => r.Outcome == StreamOutcome.Completed && r.Usage.InputTokens == 9 && r.Usage.OutputTokens == 4);
    }

    [Fact]
    public async Task Buffered_content_is_rewound_and_read_again_without_counting_twice()
    {
        using var response = new HttpResponseMessage { Content = new ByteArrayContent(Answers.ClaudeBytes) };
        var sink = new RecordingSink();
        UsageTracking tracking = response.TrackUsage(sink, Track.Nothing);
        Stream stream = await response.Content.ReadAsStreamAsync();

        stream.ReadExactly(new byte[60]);
        stream.Position = 10;
        stream.ReadExactly(new byte[90]);
        stream.Seek(0, SeekOrigin.Begin);

        (await Track.ReadToEndAsync(stream)).Should().Be(Answers.Claude);
        stream.Position = 0;
        (await Track.ReadToEndAsync(stream)).Should().Be(Answers.Claude);
        (await tracking.Completion).Should().Match<UsageRecord>(
            r => r.BytesReceived == Answers.ClaudeBytes.Length && r.EventCount == 4 && r.Usage.OutputTokens == 15);
        sink.Records.Should().HaveCount(1);
    }

    [Fact]
    public async Task A_copy_that_is_refused_because_the_stream_is_out_ends_nothing()
    {
        using HttpResponseMessage response = Track.Response(new ScriptedStream(Answers.Claude));
        response.Content = new OneWayContent(response.Content);
        UsageTracking tracking = response.TrackUsage(new RecordingSink(), Track.Nothing);
        Stream stream = await response.Content.ReadAsStreamAsync();

        await response.Content.Invoking(c => c.CopyToAsync(Stream.Null)).Should().ThrowAsync<InvalidOperationException>();
        await Track.ReadToEndAsync(stream);

        (await tracking.Completion).Outcome.Should().Be(StreamOutcome.Completed);
    }

    [Fact]
    public async Task A_body_that_breaks_while_its_content_opens_the_stream_is_interrupted()
    {
        using var response = new HttpResponseMessage { Content = new OneWayContent(null) };
        UsageTracking tracking = response.TrackUsage(new RecordingSink(), Track.Nothing);

        await response.Content.Invoking(c => c.ReadAsStreamAsync()).Should().ThrowAsync<IOException>();
        response.Dispose();

        (await tracking.Completion)
            .Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.Interrupted && r.ErrorMessage == "cannot open");
    }

    [Fact]
    public async Task Cancelling_a_copy_reaches_the_body_and_a_dispose_then_means_that_the_reader_left()
    {
        var never = new TaskCompletionSource();
        var body = new ScriptedStream(Answers.ClaudeStart, never.Task);
        using HttpResponseMessage response = Track.Response(body);
        UsageTracking tracking = response.TrackUsage(new RecordingSink(), Track.Nothing);
        using var cancellation = new CancellationTokenSource();

        Task copy = response.Content.CopyToAsync(Stream.Null, cancellation.Token);
        await body.IsWaiting.Task;
        await cancellation.CancelAsync();

        await FluentActions.Awaiting(() => copy).Should().ThrowAsync<OperationCanceledException>();
        response.Dispose();
        (await tracking.Completion).Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.ClientAborted && r.Usage.InputTokens == 25);
    }

    /// <summary>Content that may be opened as a stream once, and then not copied; without inner content, not opened
    /// either.</summary>
    private sealed class OneWayContent(HttpContent? inner) : HttpContent
    {
        protected override Task<Stream> CreateContentReadStreamAsync() =>
            inner?.ReadAsStreamAsync() ?? throw new IOException("cannot open");

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            throw new InvalidOperationException("already consumed");

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }

    private sealed class UntouchableContent : HttpContent
    {
        public bool IsDisposed { get; private set; }

        protected override Task<Stream> CreateContentReadStreamAsync() => throw new NotSupportedException();

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => throw new NotSupportedException();

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        protected override void Dispose(bool disposing)
        {
            IsDisposed = true;
            base.Dispose(disposing);
        }
    }
}
