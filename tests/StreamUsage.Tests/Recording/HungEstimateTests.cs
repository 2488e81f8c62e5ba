using StreamUsage.Accounting;
using StreamUsage.Estimation;
using StreamUsage.Parsing;
using StreamUsage.Pricing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Recording;

/// <summary>What the making of a record calls of the user's (estimator, pricing, an exception's message, a parser's
/// collections) may throw or hang: there is a record all the same.</summary>
public sealed class HungEstimateTests
{
    private static readonly InvalidOperationException Fault = new("fault");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_estimator_that_hangs_gives_way_to_the_basic_rule_after_one_time_limit(bool hangs)
    {
        using var mayEnd = new ManualResetEventSlim(!hangs);
        var log = new RecordingLog();
        var time = new TimerCountingTime();
        var estimator = new HangingEstimator(mayEnd);
        var context = new UsageContext { RequestBody = new byte[40] };

        UsageRecord record = await ReadAsync(new StreamUsageOptions { Estimator = estimator }, Answers.ChatText, context, log,
            hangs ? time : null, () => estimator.Calls != 0);
        mayEnd.Set();

        record.Usage.Should().Be(new TokenUsage { InputTokens = hangs ? 10 : 100, OutputTokens = hangs ? 2 : 200 });
        record.InputSource.Should().Be(TokenSource.Estimated);
        estimator.Calls.Should().Be(hangs ? 1 : 2, "one that has hung is not asked again");
        log.Lines.Count(line => line.EventId == 7).Should().Be(hangs ? 1 : 0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Pricing_that_hangs_or_throws_leaves_the_record_unpriced(bool hangs)
    {
        using var mayEnd = new ManualResetEventSlim(!hangs);
        var log = new RecordingLog();
        var pricing = new HangingPricing(mayEnd);

        UsageRecord record = await ReadAsync(new StreamUsageOptions { Pricing = pricing }, Answers.Claude, Track.Nothing, log,
            hangs ? new TimerCountingTime() : null, () => pricing.IsCalled);
        mayEnd.Set();

        record.Should().Match<UsageRecord>(r => r.Cost == null
            && r.UnpricedReason == (hangs ? UnpricedReasons.PricingTimeout : UnpricedReasons.PricingFailed) && r.Usage.OutputTokens == 15);
        log.Lines.Should().ContainSingle(line => line.EventId == 7);
    }

    [Fact]
    public async Task A_break_whose_message_throws_is_recorded_without_it()
    {
        UsageRecord record = await ReadAsync(new StreamUsageOptions(), new SpeechlessException());

        record.Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.Interrupted
            && r.ErrorType == nameof(SpeechlessException) && r.ErrorMessage == null && r.Usage.InputTokens == 25);
    }

    [Fact]
    public async Task A_request_whose_bytes_are_gone_is_recorded_without_an_estimate_of_the_input()
    {
        var context = new UsageContext { RequestBody = new GoneMemory().Memory };

        UsageRecord record = await ReadAsync(Track.ByCharacters, Answers.ChatText, context);

        record.Should().Match<UsageRecord>(r => r.InputSource == TokenSource.None && r.Usage.OutputTokens == 2);
    }

    [Fact]
    public async Task A_parsers_collection_that_throws_costs_itself_and_not_the_record()
    {
        var log = new RecordingLog();

        UsageRecord record = await ReadAsync(
            new StreamUsageOptions().AddParser(new ApiFormat("ODD"), new OddParser()), Answers.Claude, Track.Nothing, log);

        record.Should().Match<UsageRecord>(
            r => r.Protocol == "odd" && r.Usage.OutputTokens == 9 && r.Outcome == StreamOutcome.Completed && r.Iterations.Count == 0);
        log.Lines.Should().ContainSingle(line => line.EventId == 5);
    }

    private static async Task<UsageRecord> ReadAsync(StreamUsageOptions options,
        object end, UsageContext? context = null, RecordingLog? log = null, TimerCountingTime? time = null, Func<bool>? mayPass = null)
    {
        var sink = new RecordingSink();
        options.SinkTimeout = TimeSpan.FromDays(1); // Time passes in leaps.
        await using var tracker = new UsageTracker(sink, options, log, time);
        object[] script = end is Exception ? [Answers.ClaudeStart, end] : [end];
        Stream tracked = tracker.Track(new ScriptedStream(script), context ?? Track.Nothing, out UsageTracking tracking);
        try
        {
            await Track.ReadToEndAsync(tracked);
        }
        catch (SpeechlessException) when (end is SpeechlessException)
        {
        }

        if (time is not null)
        {
            // The time limit passes once the call is under way.
            _ = tracking.Completion;
            SpinWait.SpinUntil(mayPass!, TimeSpan.FromSeconds(30)).Should().BeTrue();
            await Streams.PassUntil(time, TimeSpan.FromSeconds(10), () => tracking.Completion.IsCompleted);
        }

        UsageRecord record = await tracking.Completion;
        sink.Records.Should().Equal(record);
        return record;
    }

    private sealed class HangingEstimator(ManualResetEventSlim mayEnd) : ITokenEstimator
    {
        private int _calls;

        public int Calls => Volatile.Read(ref _calls);

        public int CountTokens(string? model, ReadOnlySpan<char> text) => throw Fault;

        public long EstimateInputTokens(ApiFormat format, string? model, ReadOnlyMemory<byte> requestBody) => Count(100);

        public long EstimateOutputTokens(ApiFormat format, string? model, string text, long characters) => Count(200);

        private long Count(long tokens)
        {
            Interlocked.Increment(ref _calls);
            mayEnd.Wait();
            return tokens;
        }
    }

    private sealed class HangingPricing(ManualResetEventSlim mayEnd) : IUsagePricing
    {
        private volatile bool _isCalled;

        public bool IsCalled => _isCalled;

        public UsageCost? Price(UsageRecord record)
        {
            _isCalled = true;
            mayEnd.Wait();
            throw Fault;
        }
    }

    private sealed class SpeechlessException : IOException
    {
        public override string Message => throw Fault;
    }

    private sealed class GoneMemory : System.Buffers.MemoryManager<byte>
    {
        public override Memory<byte> Memory => CreateMemory(10);

        public override Span<byte> GetSpan() => throw new ObjectDisposedException("memory");

        public override System.Buffers.MemoryHandle Pin(int elementIndex = 0) => throw Fault;

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }

    private sealed class OddParser : IUsageParser
    {
        public string Protocol => "odd";

        public ParserMatch Match(StreamEvent streamEvent) => ParserMatch.Certain;

        public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state) =>
            new() { Tokens = new ReportedTokens { OutputTokens = 9 }, IsTerminal = true, Iterations = new OddList() };
    }

    private sealed class OddList : IReadOnlyList<UsageIteration>
    {
        public int Count => throw Fault;

        public UsageIteration this[int index] => throw Fault;

        public IEnumerator<UsageIteration> GetEnumerator() => throw Fault;

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => throw Fault;
    }
}
