using System.Text;
using StreamUsage.Buffers;
using StreamUsage.Capture;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Bounds;

/// <summary>What the responses of a tracker may keep together.</summary>
public sealed class BudgetTests
{
    private const int EventLength = 200 * 1024;
    private const int PieceLength = 1000;

    private static readonly string Answer =
        "data: {\"type\":\"response.completed\",\"response\":{\"id\":\"r\",\"output\":\""
        + new string('x', EventLength) + "\",\"status\":\"completed\",\"usage\":{\"input_tokens\":5,\"output_tokens\":7}}}\n\n";

    private static readonly string JsonAnswer =
        "{\"id\":\"r\",\"object\":\"response\",\"output\":\""
        + new string('x', EventLength) + "\",\"status\":\"completed\",\"usage\":{\"input_tokens\":5,\"output_tokens\":7}}";

    [Theory]
    [InlineData(0, true)]
    [InlineData(0, false)]
    [InlineData(300 * 1024, true)]
    [InlineData(300 * 1024, false)]
    [InlineData(256 * 1024 * 1024, true)]
    [InlineData(256 * 1024 * 1024, false)]
    public async Task Responses_keep_no_more_than_the_limit_together_and_count_all_the_same(long limit, bool isStream)
    {
        const int Streams = 8, Excerpts = Streams * 16 * 1024; // What may be unreadable is kept all the same.
        await using var tracker = new UsageTracker(new RecordingSink(), new StreamUsageOptions { MaxRetainedBytes = limit });
        byte[] body = Encoding.UTF8.GetBytes(isStream ? Answer : JsonAnswer);
        var trackings = new UsageTracking[Streams];
        Stream[] streams = [.. Enumerable.Range(0, Streams)
            .Select(i => tracker.Track(new PiecewiseStream(body, PieceLength), Track.Nothing, out trackings[i]))];
        byte[] buffer = new byte[PieceLength];
        long most = 0;
        for (int at = 0; at < body.Length; at += PieceLength)
        {
            foreach (Stream stream in streams)
            {
                _ = await stream.ReadAsync(buffer, TestContext.Current.CancellationToken);
                most = Math.Max(most, tracker.Budget.Taken);
            }
        }

        foreach (Stream stream in streams)
        {
            await stream.DisposeAsync();
        }

        UsageRecord[] records = await Task.WhenAll(trackings.Select(tracking => tracking.Completion));
        records.Should().OnlyContain(r => r.Usage.InputTokens == 5
            && r.Usage.OutputTokens == 7 && r.SkippedEvents == 0 && r.Outcome == StreamOutcome.Completed && r.EventCount == 1);
        most.Should().BeLessThanOrEqualTo(limit + Excerpts)
            .And.BeGreaterThanOrEqualTo(Math.Min(limit, 256 * 1024) / 2, "what is there is used");
        tracker.Budget.Taken.Should().Be(0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(300 * 1024)]
    [InlineData(256 * 1024 * 1024)]
    public async Task Messages_of_event_streams_are_kept_within_the_limit_too(long limit)
    {
        const int Streams = 4;
        await using var tracker = new UsageTracker(new RecordingSink(), new StreamUsageOptions { MaxRetainedBytes = limit });
        byte[] body = new EventStreamBytes().Event("messageStart", "{}").Event("metadata", "{\"trace\":\""
            + new string('x', EventLength) + "\",\"usage\":{\"inputTokens\":5,\"outputTokens\":7}}").Event("messageStop", "{}").ToArray();
        var trackings = new UsageTracking[Streams];
        Stream[] streams = [.. Enumerable.Range(0, Streams)
            .Select(i => tracker.Track(new PiecewiseStream(body, PieceLength), Track.Nothing, out trackings[i]))];
        byte[] buffer = new byte[PieceLength];
        long most = 0;
        for (int at = 0; at < body.Length; at += PieceLength)
        {
            foreach (Stream stream in streams)
            {
                _ = await stream.ReadAsync(buffer, TestContext.Current.CancellationToken);
                most = Math.Max(most, tracker.Budget.Taken);
            }
        }

        foreach (Stream stream in streams)
        {
            await stream.DisposeAsync();
        }

        UsageRecord[] records = await Task.WhenAll(trackings.Select(tracking => tracking.Completion));
        records.Should().OnlyContain(
            r => r.Usage.InputTokens == 5 && r.Usage.OutputTokens == 7 && r.SkippedEvents == 0 && r.EventCount == 3);
        most.Should().BeLessThanOrEqualTo(limit).And.BeGreaterThanOrEqualTo(Math.Min(limit, 256 * 1024));
        tracker.Budget.Taken.Should().Be(0);
    }

    [Fact]
    public async Task What_a_stream_that_is_left_has_kept_goes_back()
    {
        await using var tracker = new UsageTracker(new RecordingSink());
        byte[] body = Encoding.UTF8.GetBytes(Answer);
        Stream stream = tracker.Track(new PiecewiseStream(body, 100 * 1024), Track.Nothing, out UsageTracking tracking);
        _ = await stream.ReadAsync(new byte[100 * 1024], TestContext.Current.CancellationToken);
        tracker.Budget.Taken.Should().Be(
            (128 + 16) * 1024, "arrays are rented in powers of two: one for the event, one for the excerpt of what may be unreadable");

        await stream.DisposeAsync();

        await tracking.Completion;
        tracker.Budget.Taken.Should().Be(0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1 << 20)]
    public async Task What_is_kept_of_an_unreadable_body_is_taken_of_the_budget_and_never_refused(long limit)
    {
        await using var tracker = new UsageTracker(new RecordingSink(), new StreamUsageOptions { MaxRetainedBytes = limit });
        byte[] body = Encoding.UTF8.GetBytes(new string('x', 20_000));
        Stream stream = tracker.Track(new PiecewiseStream(body, PieceLength), Track.Nothing, out UsageTracking tracking);
        long most = 0;
        byte[] buffer = new byte[PieceLength];
        while (await stream.ReadAsync(buffer, TestContext.Current.CancellationToken) != 0)
        {
            most = Math.Max(most, tracker.Budget.Taken);
        }

        UsageRecord record = await tracking.Completion;
        record.Response.Should().BeEquivalentTo(new CapturedResponse { RawExcerpt = new string('x', 10_000), Truncated = true });
        most.Should().Be(16 * 1024, "ten thousand characters of a byte each need no more");
        tracker.Budget.Taken.Should().Be(0);
    }

    [Fact]
    public void An_event_that_outgrows_the_budget_goes_to_the_reader_of_large_events_from_its_start()
    {
        var large = new LargeEvents();
        var buffer = new EventBuffer(1 << 20, large);
        byte[] piece = new byte[3000];

        buffer.Append(piece);
        buffer.IsLarge.Should().BeFalse("so much is free");
        buffer.Append(piece);
        buffer.IsLarge.Should().BeTrue();
        buffer.Append(piece);

        (large.Begins, large.Bytes, buffer.Length).Should().Be((1, 9000, 0));
        buffer.Clear();
        buffer.IsLarge.Should().BeFalse();
    }

    [Fact]
    public void A_budget_that_refuses_has_taken_nothing()
    {
        var budget = new BufferBudget(10);

        budget.TryTake(11).Should().BeFalse();
        budget.TryTake(10).Should().BeTrue();
        budget.TryTake(1).Should().BeFalse();

        budget.Return(10);
        budget.Taken.Should().Be(0);
    }

    [Fact]
    public void A_negative_limit_is_refused()
    {
        Action make = () => _ = new UsageTracker(new RecordingSink(), new StreamUsageOptions { MaxRetainedBytes = -1 });

        make.Should().Throw<ArgumentException>().WithMessage("*MaxRetainedBytes must be at least 0*").WithParameterName("options");
    }

    private sealed class LargeEvents : ILargeEventReader
    {
        public BufferBudget Budget { get; } = new(BufferBudget.FreeBytes);

        public int Begins { get; private set; }

        public int Bytes { get; private set; }

        public void Begin() => Begins++;

        public void Append(ReadOnlySpan<byte> data) => Bytes += data.Length;
    }
}
