using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using StreamUsage.Diagnostics;
using StreamUsage.Estimation;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Recording;

/// <summary>Whatever fails beside the bytes, the reader has the same bytes at the same reads, and there is a
/// record.</summary>
public sealed class FaultTests
{
    public static TheoryData<string, string> ParserFaults { get; } = new()
    {
        { "Protocol", nameof(InvalidOperationException) },
        { "Apply", nameof(InvalidOperationException) },
        { "Apply", nameof(InsufficientMemoryException) },
    };

    [Theory]
    [MemberData(nameof(ParserFaults))]
    public async Task A_parser_that_throws_is_never_felt(string at, string faultType)
    {
        Exception fault =
            faultType == nameof(InsufficientMemoryException) ? new InsufficientMemoryException() : new InvalidOperationException();
        UsageRecord record = await ReadAsync(new UsageTracker(
            new RecordingSink(), new StreamUsageOptions().AddParser(new ApiFormat("FAULTY"), new FaultyParser(fault, at))));

        record.Should().Match<UsageRecord>(r => r.SkippedEvents == 4 && r.BytesReceived == Answers.ClaudeBytes.Length);
    }

    [Fact]
    public async Task A_parser_whose_match_throws_leaves_the_event_to_the_others()
    {
        UsageRecord record = await ReadAsync(new UsageTracker(new RecordingSink(),
            new StreamUsageOptions().AddParser(new ApiFormat("FAULTY"), new FaultyParser(new InvalidOperationException(), "Match"))));

        record.Should().Match<UsageRecord>(
            r => r.Protocol == "anthropic-messages" && r.Outcome == StreamOutcome.Completed && r.SkippedEvents == 0);
    }

    [Fact]
    public async Task A_logger_that_throws_is_never_felt()
    {
        var sink = new RecordingSink();

        UsageRecord record = await ReadAsync(new UsageTracker(sink, null, new FaultyLog()));

        sink.Records.Should().Equal(record);
    }

    [Fact]
    public async Task A_listener_of_the_meter_that_throws_is_never_felt()
    {
        using var meter = new Meter(new MeterOptions("StreamUsage") { Scope = this });
        int calls = 0;
        using MeterListener listener = Listen(meter, () =>
        {
            Interlocked.Increment(ref calls);
            throw new InvalidOperationException();
        });
        var sink = new RecordingSink();
        var log = new RecordingLog();

        var tracker = new UsageTracker(sink, new StreamUsageOptions { MeterFactory = new OneMeter(meter) }, log, new FakeTimeProvider());

        UsageRecord record = await ReadAsync(tracker);
        await tracker.DisposeAsync(); // What is logged and counted follows.
        calls.Should().BePositive();
        sink.Records.Should().Equal(record);
        log.Lines.Should().ContainSingle(line => line.EventId == 1);
    }

    [Fact]
    public async Task A_start_that_fails_is_logged_though_the_meter_fails_too()
    {
        using var meter = new Meter(new MeterOptions("StreamUsage") { Scope = this });
        using MeterListener listener = Listen(meter, () => throw new InvalidOperationException());
        var log = new RecordingLog();

        await using var tracker = new UsageTracker(new FaultySink(started: _ => throw new InvalidOperationException()),
            new StreamUsageOptions { MeterFactory = new OneMeter(meter) }, log);

        await ReadAsync(tracker);

        log.Lines.Should().ContainSingle(line => line.EventId == 4);
    }

    [Fact]
    public async Task An_estimator_that_throws_gives_way_to_the_basic_rule()
    {
        var log = new RecordingLog();
        await using var tracker = new UsageTracker(new RecordingSink(), new StreamUsageOptions { Estimator = new FaultyEstimator() }, log);

        await Track.ReadToEndAsync(
            tracker.Track(new ScriptedStream(Answers.ClaudeStart + Answers.ClaudeText), Track.Nothing, out UsageTracking tracking));

        UsageRecord record = await tracking.Completion;
        record.Usage.OutputTokens.Should().Be(6);
        record.Anomalies.Should().HaveFlag(UsageAnomalies.UncertainBill);
        await tracker.DisposeAsync(); // What is logged and counted follows.
        log.Lines.Should().ContainSingle(line => line.EventId == 7);
    }

    [Theory]
    [InlineData(0L, "MaxEventBytes")]
    [InlineData(1073741825L, "MaxEventBytes")]
    public void An_event_limit_out_of_range_is_named(long value, string name) =>
        VerifyNamed(new StreamUsageOptions { MaxEventBytes = value }, name);

    [Fact]
    public void Other_options_out_of_range_are_named()
    {
        VerifyNamed(new StreamUsageOptions { SinkTimeout = TimeSpan.Zero }, "SinkTimeout");
        VerifyNamed(new StreamUsageOptions { SinkTimeout = TimeSpan.FromDays(2) }, "SinkTimeout");
        VerifyNamed(new StreamUsageOptions { Capture = (CapturedContent)1024 }, "Capture");
        FluentActions.Invoking(() => new StreamUsageOptions().RedactHeader(" "))
            .Should().Throw<ArgumentException>().WithParameterName("name");
        FluentActions.Invoking(() => new StreamUsageOptions().AddParser(ApiFormat.Claude, null!))
            .Should().Throw<ArgumentNullException>().WithParameterName("parser");
    }

    private static MeterListener Listen(Meter meter, Action callback)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Meter == meter)
                {
                    l.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, _, _, _) => callback());
        listener.Start();
        return listener;
    }

    private static void VerifyNamed(StreamUsageOptions options, string name) =>
        FluentActions.Invoking(() => new UsageTracker(new RecordingSink(), options))
            .Should().Throw<ArgumentException>().WithParameterName(nameof(options)).WithMessage($"*StreamUsageOptions.{name} must be *");

    private static async Task<UsageRecord> ReadAsync(UsageTracker tracker)
    {
        Stream tracked = tracker.Track(
            new ScriptedStream(Answers.ClaudeStart, Answers.ClaudeText + Answers.ClaudeDelta, Answers.ClaudeStop),
            Track.Nothing, out UsageTracking tracking);
        (await Track.ReadToEndAsync(tracked)).Should().Be(Answers.Claude);
        await tracked.DisposeAsync();
        return await tracking.Completion.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }


    private sealed class FaultyLog : ILoggerFactory, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => throw new InvalidOperationException();

        public void Log<TState>(LogLevel logLevel, EventId eventId,
            TState state, Exception? exception, Func<TState, Exception?, string> formatter) => throw new InvalidOperationException();

        public void Dispose()
        {
        }
    }

    private sealed class OneMeter(Meter meter) : IMeterFactory
    {
        public Meter Create(MeterOptions options) => meter;

        public void Dispose()
        {
        }
    }

    private sealed class FaultyEstimator : ITokenEstimator
    {
        public int CountTokens(string? model, ReadOnlySpan<char> text) => throw new InvalidOperationException();

        public long EstimateInputTokens(ApiFormat format, string? model, ReadOnlyMemory<byte> requestBody) =>
            throw new InvalidOperationException();

        public long EstimateOutputTokens(ApiFormat format, string? model, string text, long characters) =>
            throw new InvalidOperationException();
    }
}
