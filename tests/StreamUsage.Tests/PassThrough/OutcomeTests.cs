using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using StreamUsage.Accounting;
using StreamUsage.Capture;
using StreamUsage.Tests.Linked;
using StreamUsage.Tests.Support;
using static StreamUsage.Tests.Support.Answers;
using static StreamUsage.Tests.Support.LoopbackProvider;

namespace StreamUsage.Tests.PassThrough;

/// <summary>The table of outcomes, row by row, over real HTTP/1.1 and HTTP/2. The server is Kestrel on loopback, one
/// for the class.</summary>
public sealed class OutcomeTests(LoopbackProvider provider) : IClassFixture<LoopbackProvider>
{
    public static TheoryData<string> HttpVersions { get; } = ["1.1", "2.0"];

    [Theory]
    [MemberData(nameof(HttpVersions))]
    public async Task A_refusal_that_is_disposed_unread_is_the_providers_error_and_costs_nothing(string version)
    {
        UsageRecord record = await TrackAsync(
            Whole(429, "application/json", RefusedJson), version, response => { response.Dispose(); return Task.CompletedTask; });

        Verify(record, StreamOutcome.ProviderError, UsageStatus.Failed, 429);
        record.HttpStatusCode.Should().Be(429);
        VerifyFree(record);
    }

    [Theory]
    [MemberData(nameof(HttpVersions))]
    public async Task A_refusal_that_is_read_says_why_and_costs_nothing(string version)
    {
        UsageRecord record = await TrackAsync(Whole(400, "application/json", RefusedJson), version, ReadAsync);

        Verify(record, StreamOutcome.ProviderError, UsageStatus.Failed, 400);
        record.ErrorType.Should().Be("invalid_request_error");
        record.ErrorMessage.Should().Be("max_tokens: must be positive");
        VerifyFree(record);
    }

    [Theory]
    [MemberData(nameof(HttpVersions))]
    public async Task An_error_event_is_the_providers_error_whatever_follows_it(string version)
    {
        UsageRecord record = await TrackAsync(Events(ChatText, ChatError, ChatDone), version, ReadAsync);

        Verify(record, StreamOutcome.ProviderError, UsageStatus.Failed, 503);
        record.HttpStatusCode.Should().Be(200);
        record.ErrorMessage.Should().Be("The server had an error");
        record.OutputSource.Should().Be(TokenSource.Estimated);
        record.Usage.OutputTokens.Should().Be(2, "eight characters were seen");
    }

    [Theory]
    [MemberData(nameof(HttpVersions))]
    public async Task An_error_event_stands_though_the_body_breaks_after_it(string version)
    {
        UsageRecord record = await TrackBreakingAsync(
            read => EventsThenReset(read, ClaudeStart, ClaudeError), version, ClaudeStart.Length + ClaudeError.Length);

        Verify(record, StreamOutcome.ProviderError, UsageStatus.Failed, 529);
        record.ErrorType.Should().Be("overloaded_error");
    }

    [Theory]
    [MemberData(nameof(HttpVersions))]
    public async Task A_failed_response_is_the_providers_error(string version)
    {
        UsageRecord record = await TrackAsync(Events(ResponsesCreated, ResponsesFailed), version, ReadAsync);

        Verify(record, StreamOutcome.ProviderError, UsageStatus.Failed, 429);
        record.ErrorMessage.Should().Be("Slow down");
        VerifyFree(record);
    }

    [Theory]
    [MemberData(nameof(HttpVersions))]
    public async Task A_background_answer_that_was_only_accepted_is_pending(string version)
    {
        UsageRecord record = await TrackAsync(Whole(200, "application/json", ResponsesQueued), version, ReadAsync);

        Verify(record, StreamOutcome.Pending, UsageStatus.Pending, 200);
        VerifyFree(record);
    }

    [Theory]
    [MemberData(nameof(HttpVersions))]
    public async Task A_terminal_event_completes_the_answer(string version)
    {
        UsageRecord record = await TrackAsync(Events(ClaudeStart, ClaudeText, ClaudeDelta, ClaudeStop), version, ReadAsync);

        Verify(record, StreamOutcome.Completed, UsageStatus.Completed, 200);
        record.Usage.OutputTokens.Should().Be(15);
    }

    [Theory]
    [MemberData(nameof(HttpVersions))]
    public async Task A_reset_after_the_terminal_event_changes_nothing(string version)
    {
        UsageRecord record = await TrackBreakingAsync(read => EventsThenReset(read, Claude), version, Claude.Length);

        Verify(record, StreamOutcome.Completed, UsageStatus.Completed, 200);
        record.ErrorMessage.Should().BeNull();
        record.ErrorType.Should().BeNull();
    }

    [Theory]
    [MemberData(nameof(HttpVersions))]
    public async Task A_reader_that_leaves_after_the_terminal_event_has_a_complete_answer(string version)
    {
        UsageRecord record = await TrackAsync(EventsThenStall(Claude), version, async response =>
        {
            await ReadExactlyAsync(response, Claude.Length);
            response.Dispose();
        });

        Verify(record, StreamOutcome.Completed, UsageStatus.Completed, 200);
    }

    [Theory]
    [MemberData(nameof(HttpVersions))]
    public async Task A_reader_that_disposes_in_the_middle_has_left(string version)
    {
        UsageRecord record = await TrackAsync(EventsThenStall(ClaudeStart, ClaudeText), version, async response =>
        {
            await ReadExactlyAsync(response, ClaudeStart.Length + ClaudeText.Length);
            response.Dispose();
        });

        Verify(record, StreamOutcome.ClientAborted, UsageStatus.Cancelled, 499);
        VerifyPartial(record);
    }

    [Theory]
    [MemberData(nameof(HttpVersions))]
    public async Task A_reader_that_cancels_in_the_middle_has_left(string version)
    {
        UsageRecord record = await TrackAsync(EventsThenStall(ClaudeStart, ClaudeText), version, async response =>
        {
            Stream stream = await ReadExactlyAsync(response, ClaudeStart.Length + ClaudeText.Length);
            using var cancellation = new CancellationTokenSource();
            ValueTask<int> read = stream.ReadAsync(new byte[10], cancellation.Token);
            await cancellation.CancelAsync();
            await FluentActions.Awaiting(async () => await read).Should().ThrowAsync<OperationCanceledException>();
            response.Dispose();
        });

        Verify(record, StreamOutcome.ClientAborted, UsageStatus.Cancelled, 499);
        VerifyPartial(record);
    }

    [Theory]
    [MemberData(nameof(HttpVersions))]
    public async Task A_copy_whose_destination_fails_in_the_middle_has_left(string version)
    {
        UsageRecord record = await TrackAsync(EventsThenStall(ClaudeStart, ClaudeText), version, async response =>
            await FluentActions.Awaiting(() => response.Content.CopyToAsync(new FullDisk(ClaudeStart.Length + ClaudeText.Length - 1)))
                .Should().ThrowAsync<HttpRequestException>());

        Verify(record, StreamOutcome.ClientAborted, UsageStatus.Cancelled, 499);
        VerifyPartial(record);
        record.ErrorType.Should().BeNull("the provider did nothing wrong");
    }

    [Theory]
    [MemberData(nameof(HttpVersions))]
    public async Task A_reader_that_never_reads_has_left(string version)
    {
        UsageRecord record = await TrackAsync(
            EventsThenStall(ClaudeStart), version, response => { response.Dispose(); return Task.CompletedTask; });

        Verify(record, StreamOutcome.ClientAborted, UsageStatus.Cancelled, 499);
        (record.HttpStatusCode, record.BytesReceived, record.ReadCount).Should().Be((200, 0, 0));
    }

    [Theory]
    [MemberData(nameof(HttpVersions))]
    public async Task A_reader_that_forgets_its_response_has_left_when_that_is_collected(string version)
    {
        var sink = new RecordingSink();
        await using var tracker = new UsageTracker(sink, Track.ByCharacters);
        UsageTracking tracking = await AbandonAsync(tracker, version);
        await Collector.CollectUntilAsync(() => tracking.Completion.IsCompleted);

        UsageRecord record = await tracking.Completion.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Verify(record, StreamOutcome.ClientAborted, UsageStatus.Cancelled, 499);
        VerifyPartial(record);
        sink.Records.Should().Equal(record);
    }

    [Theory]
    [MemberData(nameof(HttpVersions))]
    public async Task A_reader_that_leaves_after_the_usage_keeps_what_was_reported(string version)
    {
        UsageRecord record = await TrackAsync(EventsThenStall(ClaudeStart, ClaudeText, ClaudeDelta), version, async response =>
        {
            await ReadExactlyAsync(response, ClaudeStart.Length + ClaudeText.Length + ClaudeDelta.Length);
            response.Dispose();
        });

        Verify(record, StreamOutcome.ClientAborted, UsageStatus.Cancelled, 499);
        record.OutputSource.Should().Be(TokenSource.Reported);
        record.Usage.OutputTokens.Should().Be(15);
    }

    [Theory]
    [MemberData(nameof(HttpVersions))]
    public async Task A_reset_in_the_middle_is_an_interruption(string version)
    {
        UsageRecord record = await TrackBreakingAsync(
            read => EventsThenReset(read, ClaudeStart, ClaudeText), version, ClaudeStart.Length + ClaudeText.Length);

        Verify(record, StreamOutcome.Interrupted, UsageStatus.Failed, 502);
        record.ErrorType.Should().NotBeNullOrEmpty();
        record.ErrorMessage.Should().NotBeNullOrEmpty();
        VerifyPartial(record);
    }

    [Theory]
    [MemberData(nameof(HttpVersions))]
    public async Task A_body_that_is_shorter_than_its_length_is_an_interruption(string version)
    {
        var isAnswered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        UsageRecord record = await TrackAsync(PrematureEnd(ClaudeStart + ClaudeText, isAnswered.Task), version, async response =>
        {
            isAnswered.SetResult();
            await FluentActions.Awaiting(() => response.Content.CopyToAsync(Stream.Null)).Should().ThrowAsync<HttpRequestException>();
        });

        Verify(record, StreamOutcome.Interrupted, UsageStatus.Failed, 502);
    }

    [Theory]
    [MemberData(nameof(HttpVersions))]
    public async Task No_bytes_are_an_empty_answer(string version)
    {
        UsageRecord record = await TrackAsync(_ => Task.CompletedTask, version, ReadAsync);

        Verify(record, StreamOutcome.Empty, UsageStatus.Failed, 503);
        VerifyFree(record);
    }

    [Theory]
    [MemberData(nameof(HttpVersions))]
    public async Task A_web_page_with_status_200_is_unreadable_and_its_beginning_is_kept(string version)
    {
        string page = "<html>" + string.Concat(Enumerable.Repeat("gateway – ", 3000)) + "</html>";

        UsageRecord record = await TrackAsync(Whole(200, "text/html; charset=utf-8", page), version, ReadAsync);

        Verify(record, StreamOutcome.Unreadable, UsageStatus.Failed, 502);
        record.Protocol.Should().BeNull();
        record.Response!.RawExcerpt.Should().Be(page[..10_000]);
        record.Response.Truncated.Should().BeTrue();
        VerifyFree(record);
    }

    [Theory]
    [MemberData(nameof(HttpVersions))]
    public async Task An_end_before_the_answer_is_complete_is_an_interruption(string version)
    {
        UsageRecord record = await TrackAsync(Events(ClaudeStart, ClaudeText), version, ReadAsync);

        Verify(record, StreamOutcome.Interrupted, UsageStatus.Failed, 502);
        record.ErrorMessage.Should().BeNull("the transport did not fail");
        VerifyPartial(record);
    }

    [Theory]
    [MemberData(nameof(HttpVersions))]
    public async Task A_placeholder_stands_as_an_estimate_where_no_text_was_seen(string version)
    {
        UsageRecord record = await TrackAsync(Events(ClaudeStart), version, ReadAsync);

        record.Usage.OutputTokens.Should().Be(2);
        record.OutputSource.Should().Be(TokenSource.Estimated);
        record.InputSource.Should().Be(TokenSource.Reported);
    }

    internal static void Verify(UsageRecord record, StreamOutcome outcome, UsageStatus status, int statusCode)
    {
        record.Outcome.Should().Be(outcome);
        record.Status.Should().Be(status);
        record.StatusCode.Should().Be(statusCode);
    }

    // Input as it was reported at the start; output from the 24 characters that were seen, which is more than the
    // placeholder.
    private static void VerifyPartial(UsageRecord record)
    {
        record.Usage.InputTokens.Should().Be(25);
        record.Usage.CacheReadInputTokens.Should().Be(7);
        record.InputSource.Should().Be(TokenSource.Reported);
        record.Usage.OutputTokens.Should().Be(6);
        record.OutputSource.Should().Be(TokenSource.Estimated);
    }

    private static void VerifyFree(UsageRecord record)
    {
        record.Usage.Should().Be(default(TokenUsage));
        record.InputSource.Should().Be(TokenSource.None);
        record.OutputSource.Should().Be(TokenSource.None);
    }

    // The context has a request body, so that a refusal that was charged its input would show.
    private async Task<UsageRecord> TrackAsync(RequestDelegate answer, string version, Func<HttpResponseMessage, Task> read)
    {
        var sink = new RecordingSink();
        using HttpResponseMessage response = await provider.GetAsync(answer, version);
        UsageTracking tracking = response.TrackUsage(
            new UsageTracker(sink, Track.ByCharacters), new UsageContext { RequestBody = "{\"messages\":[]}"u8.ToArray() });

        await read(response);

        UsageRecord record = await tracking.Completion;
        sink.Records.Should().Equal(record);
        return record;
    }

    private Task<UsageRecord> TrackBreakingAsync(Func<Task, RequestDelegate> answer, string version, int bytesBefore)
    {
        var isRead = new TaskCompletionSource();
        return TrackAsync(answer(isRead.Task), version, async response =>
        {
            Stream stream = await ReadExactlyAsync(response, bytesBefore);
            isRead.SetResult();
            await FluentActions.Awaiting(async () => await stream.ReadAsync(new byte[10])).Should().ThrowAsync<IOException>();
        });
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task<UsageTracking> AbandonAsync(UsageTracker tracker, string version)
    {
        HttpResponseMessage response = await provider.GetAsync(EventsThenStall(ClaudeStart, ClaudeText), version);
        UsageTracking tracking = response.TrackUsage(tracker, Track.Nothing);
        await ReadExactlyAsync(response, ClaudeStart.Length + ClaudeText.Length);
        return tracking;
    }

    private static Task ReadAsync(HttpResponseMessage response) => response.Content.CopyToAsync(Stream.Null);

    private static async Task<Stream> ReadExactlyAsync(HttpResponseMessage response, int length)
    {
        Stream stream = await response.Content.ReadAsStreamAsync();
        await stream.ReadExactlyAsync(new byte[length], TestContext.Current.CancellationToken);
        return stream;
    }

    private sealed class FullDisk(int capacity) : MemoryStream
    {
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Length + buffer.Length > capacity)
            {
                throw new IOException("disk full");
            }

            await base.WriteAsync(buffer, cancellationToken);
        }
    }
}
