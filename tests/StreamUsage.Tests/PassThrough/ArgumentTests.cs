using System.IO.Pipelines;
using StreamUsage.Tests.Differential;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.PassThrough;

/// <summary>What makes no sense is said at once, by name.</summary>
public sealed class ArgumentTests
{
    private static readonly UsageTracker Tracker = new(new RecordingSink());
    private static readonly HttpResponseMessage Response = Track.Response("");

    [Fact]
    public void TrackUsage_names_a_missing_response()
    {
        FluentActions.Invoking(() => ((HttpResponseMessage)null!).TrackUsage(new RecordingSink(), Track.Nothing))
            .Should().Throw<ArgumentNullException>().WithParameterName("response");
        FluentActions.Invoking(() => ((HttpResponseMessage)null!).TrackUsage(Tracker, Track.Nothing))
            .Should().Throw<ArgumentNullException>().WithParameterName("response");
    }

    [Fact]
    public void TrackUsage_names_a_missing_sink() =>
        Response.Invoking(r => r.TrackUsage((IUsageSink)null!, Track.Nothing))
            .Should().Throw<ArgumentNullException>().WithParameterName("sink");

    [Fact]
    public void TrackUsage_names_a_missing_tracker() =>
        Response.Invoking(r => r.TrackUsage((UsageTracker)null!, Track.Nothing))
            .Should().Throw<ArgumentNullException>().WithParameterName("tracker");

    [Fact]
    public void TrackUsage_names_a_missing_context()
    {
        Response.Invoking(r => r.TrackUsage(new RecordingSink(), null!))
            .Should().Throw<ArgumentNullException>().WithParameterName("context");
        Response.Invoking(r => r.TrackUsage(Tracker, null!)).Should().Throw<ArgumentNullException>().WithParameterName("context");
    }

    [Fact]
    public void A_tracker_names_a_missing_sink() =>
        FluentActions.Invoking(() => new UsageTracker(null!)).Should().Throw<ArgumentNullException>().WithParameterName("sink");

    [Fact]
    public async Task A_tracker_names_a_missing_body()
    {
        FluentActions.Invoking(() => Tracker.Track((Stream)null!, Track.Nothing, out _))
            .Should().Throw<ArgumentNullException>().WithParameterName("body");
        FluentActions.Invoking(() => Tracker.Track((PipeReader)null!, Track.Nothing, out _))
            .Should().Throw<ArgumentNullException>().WithParameterName("body");
        await FluentActions.Awaiting(() => Tracker.ReadAsync(null!, Track.Nothing))
            .Should().ThrowAsync<ArgumentNullException>().WithParameterName("body");
    }

    [Fact]
    public void A_tracker_names_a_stream_that_cannot_be_read()
    {
        var closed = new MemoryStream();
        closed.Dispose();

        FluentActions.Invoking(() => Tracker.Track(closed, Track.Nothing, out _))
            .Should().Throw<ArgumentException>().WithParameterName("body");
        FluentActions.Invoking(() => Tracker.Track(new FullDisk(), Track.Nothing, out _))
            .Should().Throw<ArgumentException>().WithParameterName("body");
    }

    [Fact]
    public void A_tracker_names_a_missing_context()
    {
        FluentActions.Invoking(() => Tracker.Track(Stream.Null, null!, out _))
            .Should().Throw<ArgumentNullException>().WithParameterName("context");
        FluentActions.Invoking(() => Tracker.Track(PipeReader.Create(Stream.Null), null!, out _))
            .Should().Throw<ArgumentNullException>().WithParameterName("context");
    }

    [Theory]
    [InlineData(99)]
    [InlineData(600)]
    public void Fail_takes_an_HTTP_status(int statusCode)
    {
        Track.Stream(Stream.Null, out UsageTracking tracking, out _);

        tracking.Invoking(t => t.Fail(statusCode, "no status"))
            .Should().Throw<ArgumentOutOfRangeException>().WithParameterName(nameof(statusCode));
    }

    [Fact]
    public void Fail_takes_a_message()
    {
        Track.Stream(Stream.Null, out UsageTracking tracking, out _);

        tracking.Invoking(t => t.Fail(500, null!)).Should().Throw<ArgumentNullException>().WithParameterName("message");
    }

    [Fact]
    public void A_tracked_stream_checks_its_arguments_before_the_body_sees_them()
    {
        var body = new ScriptedStream(Answers.Claude);
        Stream tracked = Track.Stream(body, out UsageTracking tracking, out _);

        tracked.Invoking(t => t.Read(null!, 0, 1)).Should().Throw<ArgumentNullException>();
        tracked.Invoking(t => t.Read(new byte[1], 0, 2)).Should().Throw<ArgumentOutOfRangeException>();
        tracked.Invoking(t => t.CopyTo(null!)).Should().Throw<ArgumentNullException>();

        body.Calls.Should().BeEmpty();
        tracking.Fail(500, "still open").Should().BeTrue();
    }
}
