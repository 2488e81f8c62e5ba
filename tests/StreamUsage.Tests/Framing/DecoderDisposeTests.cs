using System.Buffers;
using System.Text;
using StreamUsage.Framing.Encodings;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Framing;

/// <summary>A decoder whose Dispose throws costs nothing of what it has decoded.</summary>
public sealed class DecoderDisposeTests
{
    [Theory]
    [InlineData("odd")]
    [InlineData("odd, odd, odd")]
    public async Task A_last_event_without_a_blank_line_counts_and_the_fault_is_logged(string encoding)
    {
        var log = new RecordingLog();
        var disposed = new List<OddDecoder>();
        byte[] body = Encoding.UTF8.GetBytes(Answers.Claude.TrimEnd());
        await using var tracker = new UsageTracker(
            new RecordingSink(), new StreamUsageOptions().AddContentEncoding("odd", () => new OddDecoder(disposed)), log);
        await using Stream stream = tracker.Track(
            new PiecewiseStream(body, 100), Track.Nothing, out UsageTracking tracking, new TrackedResponse { ContentEncoding = encoding });

        await Track.ReadToEndAsync(stream);

        UsageRecord record = await tracking.Completion;
        (record.Outcome, record.Usage.OutputTokens, record.EventCount).Should().Be((StreamOutcome.Completed, 15L, 4L));
        disposed.Should().HaveCount(encoding.Split(',').Length).And.OnlyHaveUniqueItems();
        await tracker.DisposeAsync(); // What is logged follows.
        log.Lines.Should().ContainSingle(line => line.EventId == 5);
    }

    [Fact]
    public async Task What_a_cut_event_has_taken_of_the_budget_goes_back()
    {
        byte[] body = Encoding.UTF8
            .GetBytes(Answers.ClaudeStart + "data: {\"type\":\"content_block_delta\",\"delta\":{\"text\":\"" + new string('x', 100_000));
        await using var tracker = new UsageTracker(
            new RecordingSink(), new StreamUsageOptions().AddContentEncoding("odd", () => new OddDecoder([])));
        Stream stream = tracker.Track(new PiecewiseStream(body, body.Length),
            Track.Nothing, out UsageTracking tracking, new TrackedResponse { ContentEncoding = "odd" });
        _ = await stream.ReadAsync(new byte[body.Length], TestContext.Current.CancellationToken);
        tracker.Budget.Taken.Should().BePositive();

        await stream.DisposeAsync();

        (await tracking.Completion).Usage.InputTokens.Should().Be(25);
        tracker.Budget.Taken.Should().Be(0);
    }

    [Fact]
    public async Task Decoders_that_were_made_before_one_that_could_not_be_are_disposed()
    {
        var disposed = new List<OddDecoder>();
        StreamUsageOptions options = new StreamUsageOptions().AddContentEncoding("odd", () => new OddDecoder(disposed))
            .AddContentEncoding("none", () => throw new InvalidOperationException());

        UsageRecord record =
            await Captured.RecordAsync(Answers.ClaudeBytes, options, response: new TrackedResponse { ContentEncoding = "none, odd" });

        record.Outcome.Should().Be(StreamOutcome.Unreadable);
        disposed.Should().ContainSingle();
    }

    /// <summary>Decodes nothing, and throws when it is disposed.</summary>
    private sealed class OddDecoder(List<OddDecoder> disposed) : IContentDecoder
    {
        public OperationStatus Decode(ReadOnlySpan<byte> source, Span<byte> destination, out int bytesConsumed, out int bytesWritten)
        {
            bytesConsumed = bytesWritten = Math.Min(source.Length, destination.Length);
            source[..bytesConsumed].CopyTo(destination);
            return bytesConsumed < source.Length ? OperationStatus.DestinationTooSmall : OperationStatus.NeedMoreData;
        }

        public void Dispose()
        {
            disposed.Add(this);
            throw new InvalidOperationException();
        }
    }
}
