using Microsoft.Extensions.Time.Testing;
using StreamUsage.Delivery;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.PassThrough;

/// <summary>A copy passes the body's own writes on, and whose fault it is when one fails decides the outcome.</summary>
public sealed class CopyTests
{
    public enum Way
    {
        Content,
        ContentAsync,
        Stream,
        StreamAsync,
    }

    public static TheoryData<Way> Ways { get; } = [.. Enum.GetValues<Way>()];

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_copy_writes_what_the_body_gives_piece_by_piece(Way way)
    {
        var destination = new Destination();
        var (copy, tracking) = Copy(
            new ScriptedStream(Answers.ClaudeStart, Answers.ClaudeText, Answers.ClaudeDelta + Answers.ClaudeStop), destination, way);

        await copy();

        destination.Writes.Should().Equal(Answers.ClaudeStart, Answers.ClaudeText, Answers.ClaudeDelta + Answers.ClaudeStop);
        (await tracking.Completion)
            .Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.Completed && r.ReadCount == 3 && r.Usage.OutputTokens == 15);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_destination_that_fails_means_that_the_reader_left(Way way)
    {
        var destination = new Destination { FailsAtWrite = 2 };
        var (copy, tracking) = Copy(new ScriptedStream(Answers.ClaudeStart, Answers.ClaudeText, Answers.ClaudeDelta), destination, way);

        Exception fault = (await FluentActions.Awaiting(copy).Should().ThrowAsync<Exception>()).Which;

        (fault.InnerException ?? fault).Message.Should().Be("the client is gone");
        (await tracking.Completion).Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.ClientAborted
            && r.Status == UsageStatus.Cancelled && r.StatusCode == 499 && r.Usage.InputTokens == 25);
        (await tracking.Completion).OutputCharacters
            .Should().Be(24, "what the provider had sent was read, though the client did not get it");
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_source_that_fails_means_that_the_body_broke(Way way)
    {
        var destination = new Destination();
        var (copy, tracking) = Copy(new ScriptedStream(Answers.ClaudeStart, new IOException("connection reset")), destination, way);

        await FluentActions.Awaiting(copy).Should().ThrowAsync<Exception>();

        destination.Writes.Should().Equal(Answers.ClaudeStart);
        (await tracking.Completion)
            .Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.Interrupted && r.Status == UsageStatus.Failed
                && r.StatusCode == 502 && r.ErrorMessage == "connection reset" && r.ErrorType == "IOException");
    }

    [Fact]
    public async Task Content_that_fails_to_copy_throws_as_without_tracking()
    {
        using HttpResponseMessage plain = Track.Response(new ScriptedStream(new IOException("connection reset")));
        using HttpResponseMessage response = Track.Response(new ScriptedStream(new IOException("connection reset")));
        _ = response.TrackUsage(new RecordingSink(), Track.Nothing);

        HttpRequestException expected = (await plain.Content.Invoking(c => c.ReadAsStringAsync())
            .Should().ThrowAsync<HttpRequestException>()).Which;
        HttpRequestException found = (await response.Content.Invoking(c => c.ReadAsStringAsync())
            .Should().ThrowAsync<HttpRequestException>()).Which;

        found.Message.Should().Be(expected.Message);
        found.InnerException.Should().BeOfType<IOException>().Which.Message.Should().Be("connection reset");
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_slow_destination_does_not_make_the_bytes_later(Way way)
    {
        var time = new FakeTimeProvider();
        var destination = new Destination { BeforeWrite = () => time.Advance(TimeSpan.FromSeconds(9)) };
        var (copy, tracking) = Copy(new ScriptedStream(Answers.Claude), destination, way, time);

        await copy();

        (await tracking.Completion).Should().Match<UsageRecord>(
            r => r.TimeToFirstByte == TimeSpan.Zero && r.TimeToLastByte == TimeSpan.Zero && r.Duration == TimeSpan.FromSeconds(9));
    }

    [Fact]
    public void A_flush_of_the_body_reaches_the_destination()
    {
        var destination = new Destination();
        Stream tracked = Track.Stream(new FlushingStream(), out _, out _);

        tracked.CopyTo(destination);

        destination.FlushCount.Should().Be(1);
    }

    private static (Func<Task> Copy, UsageTracking Tracking) Copy(Stream body, Stream destination, Way way, TimeProvider? time = null)
    {
        var tracker = new UsageTracker(new RecordingSink(), timeProvider: time);
        UsageTracking tracking;
        if (way is Way.Content or Way.ContentAsync)
        {
            HttpResponseMessage response = Track.Response(body);
            tracking = response.TrackUsage(tracker, Track.Nothing);
            return (() => way == Way.ContentAsync
                ? response.Content.CopyToAsync(destination) : Task.Run(() => response.Content.CopyTo(destination, null, default)),
                tracking);
        }

        Stream tracked = tracker.Track(body, Track.Nothing, out tracking);
        return (() => way == Way.StreamAsync ? tracked.CopyToAsync(destination) : Task.Run(() => tracked.CopyTo(destination)), tracking);
    }

    private sealed class FlushingStream : MemoryStream
    {
        public override void CopyTo(Stream destination, int bufferSize) => destination.Flush();
    }

    private sealed class Destination : MemoryStream
    {
        public List<string> Writes { get; } = [];

        public int FailsAtWrite { get; init; }

        public Action? BeforeWrite { get; init; }

        public int FlushCount { get; private set; }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            BeforeWrite?.Invoke();
            if (Writes.Count + 1 == FailsAtWrite)
            {
                throw new InvalidDataException("the client is gone");
            }

            Writes.Add(System.Text.Encoding.UTF8.GetString(buffer));
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        {
            Write(buffer, offset, count);
            return Task.CompletedTask;
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Write(buffer.Span);
            return ValueTask.CompletedTask;
        }

        public override void Flush() => FlushCount++;
    }
}
