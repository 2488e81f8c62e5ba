using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;
using StreamUsage.Diagnostics;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Diagnostics;

/// <summary>The span of a response, as OpenTelemetry's SDK exports it.</summary>
public sealed class GenAISpanTests
{
    private static readonly UsageContext Context = new() { Model = "claude-sonnet" };

    [Fact]
    public async Task A_response_has_a_client_span_below_the_callers()
    {
        using var exported = new Exported();

        await TrackAsync(exported, Answers.Claude);

        Activity span = exported.Span;
        (span.Source.Name, span.DisplayName, span.Status).Should().Be(("StreamUsage", "chat claude-sonnet", ActivityStatusCode.Unset));
        span.ParentSpanId.Should().Be(exported.Caller.SpanId);
    }

    [Theory]
    [InlineData("gen_ai.operation.name", "chat")]
    [InlineData("gen_ai.provider.name", "anthropic")]
    [InlineData("gen_ai.request.model", "claude-sonnet")]
    [InlineData("gen_ai.request.stream", true)]
    [InlineData("gen_ai.response.id", "msg_1")]
    [InlineData("gen_ai.response.model", "claude-sonnet-4-5")]
    [InlineData("gen_ai.usage.input_tokens", 35L)]
    [InlineData("gen_ai.usage.output_tokens", 15L)]
    [InlineData("gen_ai.usage.cache_read.input_tokens", 7L)]
    [InlineData("gen_ai.usage.cache_write.input_tokens", 3L)]
    [InlineData("server.address", "api.anthropic.com")]
    [InlineData("server.port", 443)]
    [InlineData("streamusage.outcome", "Completed")]
    [InlineData("error.type", null)]
    public async Task A_span_has_the_attributes_of_the_conventions(string name, object? expected)
    {
        using var exported = new Exported();

        await TrackAsync(exported, Answers.Claude);

        exported.Span.GetTagItem(name).Should().Be(expected);
    }

    [Fact]
    public async Task A_span_has_the_finish_reason()
    {
        using var exported = new Exported();

        await TrackAsync(exported, Answers.Claude);

        exported.Span.GetTagItem("gen_ai.response.finish_reasons").Should().BeEquivalentTo(new[] { "end_turn" });
    }

    [Fact]
    public async Task A_span_names_its_record()
    {
        using var exported = new Exported();

        UsageRecord record = await TrackAsync(exported, Answers.Claude);

        exported.Span.GetTagItem("streamusage.record.id").Should().Be(record.Id.ToString());
    }

    [Fact]
    public async Task A_span_starts_with_the_request_and_ends_with_the_body()
    {
        using var exported = new Exported();
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        DateTimeOffset sent = time.GetUtcNow() - TimeSpan.FromSeconds(2);
        await using var tracker = new UsageTracker(new RecordingSink(), new StreamUsageOptions { MeterFactory = exported }, null, time);
        exported.Caller.Start();
        Stream stream = tracker.Track(
            new PiecewiseStream(Answers.ClaudeBytes, 10_000), Context with { RequestStartedAt = sent }, out UsageTracking tracking);
        exported.Caller.Stop();
        time.Advance(TimeSpan.FromSeconds(1));
        await Track.ReadToEndAsync(stream);

        UsageRecord record = await tracking.Completion;

        Activity span = exported.Span;
        (span.StartTimeUtc, span.Duration).Should().Be((sent.UtcDateTime, TimeSpan.FromSeconds(3)));
        (record.StartedAt, record.Duration).Should().Be((sent, TimeSpan.FromSeconds(3)));
        span.GetTagItem("gen_ai.response.time_to_first_chunk").Should().Be(3.0);
    }

    [Fact]
    public async Task Sink_calls_run_below_the_span()
    {
        using var exported = new Exported();
        Activity? seen = null;
        var sink = new FaultySink(record: _ =>
        {
            seen = Activity.Current;
            return ValueTask.CompletedTask;
        });

        await TrackAsync(exported, Answers.Claude, sink: sink);

        seen!.OperationName.Should().Be("streamusage.record");
        seen.ParentSpanId.Should().Be(exported.Span.SpanId);
    }

    [Fact]
    public async Task A_failed_response_is_an_error_without_the_providers_words()
    {
        using var exported = new Exported();

        await TrackAsync(exported, Answers.ClaudeStart + Answers.ClaudeError);

        Activity span = exported.Span;
        (span.Status, span.StatusDescription).Should().Be((ActivityStatusCode.Error, null));
        span.GetTagItem("error.type").Should().Be("overloaded_error");
        span.GetTagItem("gen_ai.response.finish_reasons").Should().BeEquivalentTo(new[] { "error" });
    }

    [Fact]
    public async Task A_reader_that_left_is_no_error()
    {
        using var exported = new Exported();
        await using UsageTracker tracker = Tracker(exported);
        exported.Caller.Start();

        Stream stream = tracker.Track(new PiecewiseStream(Answers.ClaudeBytes, 50), Context, out UsageTracking tracking);
        _ = await stream.ReadAsync(new byte[50], TestContext.Current.CancellationToken);
        await stream.DisposeAsync();
        await tracking.Completion;

        exported.Caller.Stop();
        (exported.Span.Status, exported.Span.GetTagItem("streamusage.outcome")).Should().Be((ActivityStatusCode.Unset, "ClientAborted"));
    }

    [Fact]
    public async Task A_request_without_a_response_has_a_span_too()
    {
        using var exported = new Exported();
        await using UsageTracker tracker = Tracker(exported);
        exported.Caller.Start();

        await tracker.RecordFailure(Context, new TimeoutException()).Completion;

        exported.Caller.Stop();
        (exported.Span.DisplayName, exported.Span.Status).Should().Be(("chat claude-sonnet", ActivityStatusCode.Error));
        exported.Span.GetTagItem("error.type").Should().Be("TimeoutException");
    }

    [Fact]
    public async Task An_open_span_of_the_caller_gets_the_attributes_instead()
    {
        using var exported = new Exported();
        await using UsageTracker tracker = Tracker(exported, new StreamUsageOptions { MeterFactory = exported, TagCallerActivity = true });
        exported.Caller.IsAllDataRequested = true;
        exported.Caller.Start();

        await ReadAsync(tracker, Answers.Claude);

        exported.Spans.Should().NotContain(span => span.Kind == ActivityKind.Client);
        exported.Caller.GetTagItem("gen_ai.usage.input_tokens").Should().Be(35L);
        exported.Caller.GetTagItem("gen_ai.response.id").Should().Be("msg_1");
        exported.Caller.Stop();
    }

    [Fact]
    public async Task Attributes_of_the_callers_span_that_the_response_does_not_have_stay()
    {
        using var exported = new Exported();
        await using UsageTracker tracker = Tracker(exported, new StreamUsageOptions { MeterFactory = exported, TagCallerActivity = true });
        exported.Caller.IsAllDataRequested = true;
        exported.Caller.Start().SetTag("gen_ai.conversation.id", "conversation");

        await ReadAsync(tracker, Answers.Claude);

        exported.Caller.GetTagItem("gen_ai.conversation.id").Should().Be("conversation");
        exported.Caller.Stop();
    }

    [Fact]
    public void A_span_has_the_text_tokens_beside_those_of_a_video()
    {
        var record = new UsageRecord
        {
            InputSource = TokenSource.Reported,
            BilledUsage = new TokenUsage { InputTokens = 1200 },
            TokenDetails = new Dictionary<string, long> { ["input_video_tokens"] = 1000 },
        };
        using var span = new Activity("span");

        GenAISpan.Describe(span, new GenAICall(record));

        span.GetTagItem("gen_ai.usage.text.input_tokens").Should().Be(200L);
    }

    [Fact]
    public async Task A_callers_span_that_has_ended_is_left_alone()
    {
        using var exported = new Exported();
        await using UsageTracker tracker = Tracker(exported, new StreamUsageOptions { MeterFactory = exported, TagCallerActivity = true });
        exported.Caller.Start();
        Stream stream = tracker.Track(new PiecewiseStream(Answers.ClaudeBytes, 60), Context, out UsageTracking tracking);
        exported.Caller.Stop();

        await Track.ReadToEndAsync(stream);
        await tracking.Completion;

        exported.Caller.TagObjects.Should().BeEmpty();
        exported.Span.GetTagItem("gen_ai.usage.input_tokens").Should().Be(35L);
    }

    [Theory]
    [InlineData("sample")]
    [InlineData("start")]
    [InlineData("stop")]
    public async Task A_listener_to_activities_that_throws_costs_no_record(string when)
    {
        var traceId = ActivityTraceId.CreateRandom();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "StreamUsage",
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
            {
                Throw("sample", options.TraceId);
                return ActivitySamplingResult.AllData;
            },
            ActivityStarted = activity => Throw("start", activity.TraceId),
            ActivityStopped = activity => Throw("stop", activity.TraceId),
        };
        ActivitySource.AddActivityListener(listener);
        var sink = new RecordingSink();
        await using var tracker = new UsageTracker(sink);
        using Activity caller = new Activity("caller").SetParentId(traceId, ActivitySpanId.CreateRandom()).Start();

        await ReadAsync(tracker, Answers.Claude);
        await tracker.FlushAsync(TestContext.Current.CancellationToken).WaitAsync(
            TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        sink.Records.Should().ContainSingle();

        void Throw(string where, ActivityTraceId of)
        {
            if (where == when && of == traceId)
            {
                throw new InvalidOperationException(where);
            }
        }
    }

    private static UsageTracker Tracker(Exported exported, StreamUsageOptions? options = null, IUsageSink? sink = null) =>
        new(sink ?? new RecordingSink(), options ?? new StreamUsageOptions { MeterFactory = exported });

    private static async Task<UsageRecord> TrackAsync(Exported exported, string body, IUsageSink? sink = null)
    {
        await using UsageTracker tracker = Tracker(exported, sink: sink);
        exported.Caller.Start();
        UsageRecord record = await ReadAsync(tracker, body);
        exported.Caller.Stop();
        return record;
    }

    private static async Task<UsageRecord> ReadAsync(UsageTracker tracker, string body)
    {
        var response = new TrackedResponse { RequestUri = new Uri("https://api.anthropic.com/v1/messages?key=secret") };
        Stream stream = tracker.Track(new PiecewiseStream(Answers.Bytes(body), 60), Context, out UsageTracking tracking, response);
        await Track.ReadToEndAsync(stream);
        return await tracking.Completion;
    }
}
