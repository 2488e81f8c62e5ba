using System.IO.Pipelines;
using StreamUsage.Tests.Differential;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.PassThrough;

/// <summary>
/// Two reads at once are the caller's mistake or the body's feature: never a false end, and never the end of the
/// record.
/// </summary>
public sealed class ConcurrentReadTests(LoopbackProvider provider) : IClassFixture<LoopbackProvider>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Source.Socket)]
    [InlineData(Source.Pipe)]
    [InlineData(Source.Http1)]
    [InlineData(Source.Http2)]
    public async Task Two_reads_at_once_of_a_body_that_may_be_drained_take_turns(Source source)
    {
        await using Body body = await Body.OpenAsync(source, provider);
        var tracker = new UsageTracker(new RecordingSink(), new StreamUsageOptions { DrainAbortedStreams = new DrainLimits() });
        UsageTracking tracking;
        Stream tracked;
        if (body.Response is { } response)
        {
            tracking = response.TrackUsage(tracker, Track.Nothing);
            tracked = await response.Content.ReadAsStreamAsync(Cancellation);
        }
        else
        {
            tracked = body.Stream = tracker.Track(body.Stream, Track.Nothing, out tracking);
        }

        await tracked.ReadExactlyAsync(new byte[Body.FirstLength], Cancellation);
        byte[] first = new byte[5], second = new byte[5];

        Task<int> firstRead = tracked.ReadAsync(first, Cancellation).AsTask(),
            secondRead = tracked.ReadAsync(second, Cancellation).AsTask();
        body.SendRest();
        int[] lengths = await Task.WhenAll(firstRead, secondRead);
        string rest = await Track.ReadToEndAsync(tracked);

        lengths.Should().Equal(5, 5);
        string seen = System.Text.Encoding.UTF8.GetString(first) + System.Text.Encoding.UTF8.GetString(second);
        string swapped = System.Text.Encoding.UTF8.GetString(second) + System.Text.Encoding.UTF8.GetString(first);
        Answers.Claude[Body.FirstLength..].Should().BeOneOf(seen + rest, swapped + rest);
        (await tracking.Completion)
            .Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.Completed && r.BytesReceived == Body.Bytes.Length);
    }

    [Fact]
    public async Task A_second_read_that_the_stream_refuses_ends_nothing()
    {
        var mayGoOn = new TaskCompletionSource();
        Stream tracked = Track.Stream(new ScriptedStream(mayGoOn.Task, Answers.Claude), out UsageTracking tracking, out _);
        byte[] buffer = new byte[10];

        Task<int> first = tracked.ReadAsync(buffer, Cancellation).AsTask();
        await tracked.Awaiting(t => t.ReadAsync(new byte[10], Cancellation).AsTask()).Should().ThrowAsync<InvalidOperationException>();
        mayGoOn.SetResult();

        (await first).Should().Be(10);
        await Track.ReadToEndAsync(tracked);
        (await tracking.Completion).Outcome.Should().Be(StreamOutcome.Completed);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task What_the_pipe_refuses_while_a_buffer_is_out_ends_nothing(bool drains, bool copies)
    {
        var pipe = new Pipe();
        var tracker = new UsageTracker(
            new RecordingSink(), new StreamUsageOptions { DrainAbortedStreams = drains ? new DrainLimits() : null });
        PipeReader tracked = tracker.Track(pipe.Reader, Track.Nothing, out UsageTracking tracking);
        await pipe.Writer.WriteAsync(Body.Bytes.AsMemory(0, 100), Cancellation);
        ReadResult first = await tracked.ReadAsync(Cancellation);

        Func<Task> refused = () =>
            copies ? tracked.CopyToAsync(new MemoryStream(), Cancellation) : tracked.ReadAsync(Cancellation).AsTask();
        await refused.Should().ThrowAsync<InvalidOperationException>();
        tracked.AdvanceTo(first.Buffer.GetPosition(50));
        await pipe.Writer.WriteAsync(Body.Bytes.AsMemory(100), Cancellation);
        await pipe.Writer.CompleteAsync();
        var seen = new MemoryStream();
        await tracked.CopyToAsync(seen, Cancellation);

        seen.ToArray().Should().Equal(Body.Bytes[50..]);
        (await tracking.Completion)
            .Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.Completed && r.BytesReceived == Body.Bytes.Length);
    }
}
