using System.Text;
using StreamUsage.Estimation;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Estimation;

public sealed class EstimatedRecordTests
{
    private const string Sentence = "It was the best of times, it was the worst of times.";

    [Fact]
    public async Task A_cut_answer_is_counted_with_the_models_own_encoding()
    {
        UsageRecord record = await RecordAsync(Chunk(Sentence) + Chunk(" " + Sentence));

        int tokens = new ModelTokenEstimator().CountTokens("gpt-4o", Sentence + " " + Sentence);
        record.Should().Match<UsageRecord>(
            r => r.OutputSource == TokenSource.Estimated && r.Usage.OutputTokens == tokens + 1 && r.InputSource == TokenSource.None
                && !r.Anomalies.HasFlag(UsageAnomalies.UncertainBill));
    }

    [Fact]
    public async Task A_text_larger_than_may_be_kept_is_counted_by_what_was_kept()
    {
        string body = string.Concat(Enumerable.Repeat(Chunk(Sentence + " "), 200));

        UsageRecord all = await RecordAsync(body);
        UsageRecord some = await RecordAsync(body, new StreamUsageOptions { MaxRetainedTextBytes = 1000 });
        UsageRecord none = await RecordAsync(body, new StreamUsageOptions { MaxRetainedTextBytes = 0 });

        ((double)some.Usage.OutputTokens).Should().BeApproximately(all.Usage.OutputTokens, 0.02 * all.Usage.OutputTokens);
        ((double)none.Usage.OutputTokens).Should().BeApproximately(all.Usage.OutputTokens, 0.25 * all.Usage.OutputTokens);
    }

    [Fact]
    public async Task A_text_for_which_there_is_no_room_is_counted_by_its_characters()
    {
        string body = string.Concat(Enumerable.Repeat(Chunk(Sentence + " "), 2000));

        UsageRecord all = await RecordAsync(body);
        UsageRecord some = await RecordAsync(body, new StreamUsageOptions { MaxRetainedBytes = 1 });

        ((double)some.Usage.OutputTokens).Should().BeApproximately(all.Usage.OutputTokens, 0.15 * all.Usage.OutputTokens);
    }

    [Fact]
    public async Task The_budget_is_free_again_when_the_record_is_made()
    {
        await using var tracker = new UsageTracker(new RecordingSink());
        string body = string.Concat(Enumerable.Repeat(Chunk(Sentence + " "), 2000));
        Stream stream = tracker.Track(new MemoryStream(Encoding.UTF8.GetBytes(body)), Track.Nothing, out UsageTracking tracking);

        await stream.ReadExactlyAsync(new byte[body.Length], TestContext.Current.CancellationToken);
        long during = tracker.Budget.Taken;
        await stream.DisposeAsync();
        await tracking.Completion;

        during.Should().BeGreaterThan(32 * 1024);
        tracker.Budget.Taken.Should().Be(0);
    }

    [Fact]
    public async Task A_request_body_over_the_limit_is_estimated_by_its_size()
    {
        byte[] request = Encoding.UTF8
            .GetBytes($$"""{"model":"gpt-4o","messages":[{"role":"user","content":"{{new string('x', 4000)}}"}]}""");

        UsageRecord record = await RecordAsync(Chunk("Hi"), new StreamUsageOptions { MaxRequestBodyBytes = 1000 }, request);

        record.InputSource.Should().Be(TokenSource.Estimated);
        record.Usage.InputTokens.Should().Be(request.Length / 4);
        record.Anomalies.Should().HaveFlag(UsageAnomalies.UncertainBill, "the body may hold images");
    }

    [Fact]
    public async Task A_malformed_request_is_estimated_as_far_as_it_goes_and_noted_in_the_log()
    {
        var log = new RecordingLog();
        await using var tracker = new UsageTracker(new RecordingSink(), null, log);
        byte[] request = Encoding.UTF8.GetBytes($$"""{"model":"gpt-4o","messages":[{"role":"user","content":"{{Sentence}}"}],,""");
        var context = new UsageContext { RequestBody = request };
        Stream stream = tracker.Track(new MemoryStream(Encoding.UTF8.GetBytes(Chunk("Hi"))), context, out UsageTracking tracking);

        await Track.ReadToEndAsync(stream);
        UsageRecord record = await tracking.Completion;
        await tracker.DisposeAsync(); // What is logged and counted follows.

        record.InputSource.Should().Be(TokenSource.Estimated);
        record.Usage.InputTokens.Should().BeInRange(18, 25);
        record.Anomalies.Should().NotHaveFlag(UsageAnomalies.UncertainBill);
        log.Lines.Should().Contain(line => line.EventId == 7);
    }

    [Theory]
    [InlineData(-1, 0, "MaxRetainedTextBytes")]
    [InlineData(0, -1, "MaxRequestBodyBytes")]
    [InlineData(int.MaxValue, 0, "MaxRetainedTextBytes")]
    [InlineData(0, int.MaxValue, "MaxRequestBodyBytes")]
    public void A_limit_out_of_its_range_is_named(int retained, int request, string option) =>
        FluentActions.Invoking(() => new UsageTracker(
            new RecordingSink(), new StreamUsageOptions { MaxRetainedTextBytes = retained, MaxRequestBodyBytes = request }))
            .Should().Throw<ArgumentException>().WithMessage($"*{option}*");

    private static string Chunk(string text) => ReadBody.Sse(
        """{"id":"c","object":"chat.completion.chunk","model":"gpt-4o-2024-08-06","choices":"""
        + $$$"""[{"index":0,"delta":{"content":"{{{text}}}"}}]}""");

    [Theory]
    [InlineData(1)]
    [InlineData(40)] // A template is learned.
    public async Task Of_a_message_that_begins_anew_only_the_new_text_is_counted(int texts)
    {
        string first = Answers.ClaudeStart + string.Concat(Enumerable.Repeat(Answers.ClaudeText, texts));
        string second = Answers.ClaudeStart.Replace("msg_1", "msg_2", StringComparison.Ordinal) + Answers.ClaudeText;

        UsageRecord replaced = await RecordAsync(first + second, Track.ByCharacters);

        replaced.Should().Match<UsageRecord>(r => r.ResponseId == "msg_2"
            && r.OutputSource == TokenSource.Estimated && r.Usage.OutputTokens == 6 && r.OutputCharacters == 24);
        (await RecordAsync(first + second)).Usage.Should().Be((await RecordAsync(second)).Usage);
    }

    private static async Task<UsageRecord> RecordAsync(string body, StreamUsageOptions? options = null, byte[]? request = null)
    {
        options ??= new StreamUsageOptions();
        options.EstimationTimeout = TimeSpan.FromMinutes(5); // Of a busy machine, whose first estimate loads the tokenizer.
        await using var tracker = new UsageTracker(new RecordingSink(), options);
        var context = new UsageContext { RequestBody = request };
        Stream stream = tracker.Track(new PiecewiseStream(Encoding.UTF8.GetBytes(body), 700), context, out UsageTracking tracking);
        await Track.ReadToEndAsync(stream);
        return await tracking.Completion;
    }
}
