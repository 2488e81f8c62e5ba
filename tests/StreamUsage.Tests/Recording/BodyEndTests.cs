using System.Buffers;
using System.Diagnostics;
using StreamUsage.Framing.Encodings;
using StreamUsage.Recording;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Recording;

/// <summary>A body ends once, whoever ends it: its reader, the drainer, the decoding, or a shutdown.</summary>
public sealed class BodyEndTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_body_that_was_read_to_its_end_is_not_drained_while_its_rest_is_decoded()
    {
        await using UsageTracker tracker = Tracker(out RecordingSink sink);
        Stream stream = OpenSlow(tracker, out UsageTracking tracking);

        await Track.ReadToEndAsync(stream);
        tracking.Body!.TryBeginDrain().Should().BeFalse();

        (await tracking.Completion).Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.Completed && !r.Drained);
        await tracker.DisposeAsync();
        sink.Records.Should().ContainSingle();
    }

    [Fact]
    public async Task A_shutdown_records_a_body_that_is_being_drained()
    {
        await using UsageTracker tracker = Tracker(out RecordingSink sink);
        Stream stream = tracker.Track(new ScriptedStream(Answers.ClaudeStart), Track.Nothing, out UsageTracking tracking);
        _ = await stream.ReadAsync(new byte[4096], Cancellation);
        TrackedBody body = tracking.Body!;
        body.TryBeginDrain().Should().BeTrue();

        await tracker.StopAsync(CancellationToken.None);
        sink.Records.Should().ContainSingle().Which.Should().Match<UsageRecord>(
            r => r.Outcome == StreamOutcome.ClientAborted && !r.Drained && r.ErrorType == null);

        body.EndDrain(body.BytesReceived);
        await tracker.StopAsync(CancellationToken.None);
        sink.Records.Should().ContainSingle();
        GC.KeepAlive(stream); // Else it may be collected first, as a response that its reader has left.
    }

    [Fact]
    public async Task A_shutdown_records_an_encoded_body_whose_read_was_cancelled()
    {
        await using UsageTracker tracker = Tracker(out _);
        Stream stream = OpenSlow(tracker, out UsageTracking tracking);
        _ = await stream.ReadAsync(new byte[4096], Cancellation);
        TrackedBody body = tracking.Body!;
        body.CancelRead();

        body.Finish(StreamEnd.ShutDown);

        body.IsOpen.Should().BeFalse("the shutdown waits for the records of ended bodies only");
        (await tracking.Completion).Outcome.Should().Be(StreamOutcome.ClientAborted);
    }

    [Fact]
    public async Task A_shutdown_waits_a_moment_for_the_rest_of_a_body_that_was_read_to_its_end()
    {
        await using UsageTracker tracker = Tracker(out _);
        Stream stream = OpenSlow(tracker, out UsageTracking tracking, "steady");
        await stream.ReadExactlyAsync(new byte[Answers.ClaudeBytes.Length], Cancellation);
        (await stream.ReadAsync(new byte[1], Cancellation)).Should().Be(0);

        tracking.Body!.Finish(StreamEnd.ShutDown);

        tracking.Body.IsOpen.Should().BeFalse();
        (await tracking.Completion).Should().Match<UsageRecord>(
            r => r.Outcome == StreamOutcome.Completed && r.ErrorType == null && r.OutputSource == TokenSource.Reported);
    }

    [Fact]
    public async Task A_request_without_a_response_that_a_shutdown_has_ended_has_one_record()
    {
        await using UsageTracker tracker = Tracker(out RecordingSink sink);
        tracker.Track(Stream.Null, Track.Nothing, out UsageTracking tracking);
        TrackedBody body = tracking.Body!;

        body.Finish(StreamEnd.ShutDown);
        body.FinishWithoutResponse(new TimeoutException(), requestWasSent: true);

        await tracker.DisposeAsync();
        sink.Records.Should().ContainSingle();
    }

    [Theory]
    [InlineData("event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"\"}}\n\n", false)]
    [InlineData("e", true)]
    public async Task A_body_is_drained_unless_its_error_event_was_read(string text, bool isDrained)
    {
        await using UsageTracker tracker = Tracker(out _);
        Stream stream = tracker.Track(
            new ScriptedStream(Answers.ClaudeStart, text), Track.Nothing, out UsageTracking tracking);
        await stream.ReadExactlyAsync(new byte[Answers.ClaudeStart.Length + text.Length], Cancellation);

        tracking.Body!.TryBeginDrain().Should().Be(isDrained);
    }

    [Theory]
    [InlineData("{", 1, false)]
    [InlineData("{}", 1, true)]
    [InlineData("{}", 2, false)]
    public async Task A_body_of_known_length_is_drained_unless_all_of_it_was_read(string text, int bytesRead, bool isDrained)
    {
        await using UsageTracker tracker = Tracker(out _);
        using var response = new HttpResponseMessage { Content = new StringContent(text) };
        response.Content.Headers.ContentLength = text.Length;
        UsageTracking tracking = response.TrackUsage(tracker, Track.Nothing);
        Stream stream = await response.Content.ReadAsStreamAsync(Cancellation);
        await stream.ReadExactlyAsync(new byte[bytesRead], Cancellation);

        tracking.Body!.TryBeginDrain().Should().Be(isDrained);
    }

    private static UsageTracker Tracker(out RecordingSink sink)
    {
        sink = new RecordingSink();
        StreamUsageOptions options = new StreamUsageOptions { ShutdownGracePeriod = TimeSpan.Zero }
            .AddContentEncoding("slow", () => new SlowDecoder(10))
            .AddContentEncoding("steady", () => new SlowDecoder(200));
        return new UsageTracker(sink, options);
    }

    private static Stream OpenSlow(UsageTracker tracker, out UsageTracking tracking, string encoding = "slow") => tracker.Track(
        new ScriptedStream(Answers.Claude), Track.Nothing, out tracking, new TrackedResponse { ContentEncoding = encoding });

    /// <summary>Decodes nothing, and each piece takes longer than a read may.</summary>
    private sealed class SlowDecoder(int pieceSize) : IContentDecoder
    {
        public OperationStatus Decode(ReadOnlySpan<byte> source, Span<byte> destination, out int bytesConsumed, out int bytesWritten)
        {
            long start = Stopwatch.GetTimestamp();
            SpinWait.SpinUntil(() => Stopwatch.GetElapsedTime(start) > TimeSpan.FromMilliseconds(3));
            bytesConsumed = bytesWritten = Math.Min(source.Length, pieceSize);
            source[..bytesConsumed].CopyTo(destination);
            return bytesConsumed < source.Length ? OperationStatus.DestinationTooSmall : OperationStatus.NeedMoreData;
        }

        public void Dispose()
        {
        }
    }
}
