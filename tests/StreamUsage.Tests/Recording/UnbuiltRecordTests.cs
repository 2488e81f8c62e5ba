using System.Collections;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Time.Testing;
using StreamUsage.Accounting;
using StreamUsage.Parsing;
using StreamUsage.Recording.Building;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Recording;

/// <summary>Responses whose record cannot be built, because the state of a custom parser throws.</summary>
public sealed class UnbuiltRecordTests : IDisposable
{
    private readonly RecordingLog _log = new();
    private readonly RecordingSink _sink = new();
    private readonly FakeTimeProvider _time = new();

    public void Dispose() => _log.Dispose();

    [Fact]
    public async Task A_record_that_cannot_be_built_is_recorded_as_failed()
    {
        UsageRecord record = await ReadAsync();

        record.Should().Match<UsageRecord>(r => r.Status == UsageStatus.Failed && r.Anomalies == UsageAnomalies.UncertainBill
            && r.ErrorType == "record_failed" && r.ErrorMessage == "The record could not be built: NotSupportedException.");
    }

    [Fact]
    public async Task A_record_that_cannot_be_built_says_how_the_response_ended()
    {
        UsageRecord record = await ReadAsync(isCutShort: true);

        record.Should().Match<UsageRecord>(
            r => r.Outcome == StreamOutcome.ClientAborted && r.StatusCode == 499 && r.BytesReceived == Answers.ClaudeBytes.Length
                && r.StartedAt == _time.GetUtcNow() - TimeSpan.FromSeconds(3) && r.Duration == TimeSpan.FromSeconds(3)
                && r.Context.RequestId == "r1");
    }

    [Fact]
    public async Task A_record_that_cannot_be_built_is_delivered_once_and_logged()
    {
        UsageRecord record = await ReadAsync();

        _sink.Records.Should().Equal(record);
        _log.Lines.Should().ContainSingle(line => line.EventId == 15);
    }

    [Fact]
    public async Task A_record_that_cannot_be_built_has_the_reported_counts()
    {
        await using var tracker = new UsageTracker(_sink);
        await Track.ReadToEndAsync(tracker.Track(new ScriptedStream(Answers.Claude), Track.Nothing, out UsageTracking tracking));
        UsageRecord built = await tracking.Completion;

        UsageRecord minimal = RecordBuilder.CreateMinimal(tracking.Body!, new NotSupportedException());

        (minimal.Usage, minimal.BilledUsage, minimal.InputSource, minimal.OutputSource)
            .Should().Be((built.Usage, built.BilledUsage, TokenSource.Reported, TokenSource.Reported));
        (minimal.ApiFormat, minimal.Protocol, minimal.ResponseId, minimal.ResponseModel)
            .Should().Be((built.ApiFormat, built.Protocol, built.ResponseId, built.ResponseModel));
    }

    private async Task<UsageRecord> ReadAsync(bool isCutShort = false)
    {
        var tracker = new UsageTracker(
            _sink, new StreamUsageOptions().AddParser(new ApiFormat("FAULTY"), new FaultyUnitsParser(!isCutShort)), _log, _time);
        Stream tracked = tracker.Track(
            new ScriptedStream(Answers.Claude), new UsageContext { RequestId = "r1" }, out UsageTracking tracking);
        _time.Advance(TimeSpan.FromSeconds(3));
        await tracked.ReadExactlyAsync(new byte[Answers.ClaudeBytes.Length], TestContext.Current.CancellationToken);
        await tracked.DisposeAsync();
        UsageRecord record = await tracking.Completion;
        await tracker.DisposeAsync(); // What is logged follows.
        return record;
    }

    private sealed class FaultyUnitsParser(bool isComplete) : IUsageParser
    {
        public string Protocol => "faulty";

        public ParserMatch Match(StreamEvent streamEvent) => ParserMatch.Certain;

        public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state) =>
            state with { IsTerminal = isComplete, BilledUnits = new FaultyUnits() };
    }

    private sealed class FaultyUnits : IReadOnlyDictionary<string, decimal>
    {
        public int Count => throw new NotSupportedException();

        public IEnumerable<string> Keys => throw new NotSupportedException();

        public IEnumerable<decimal> Values => throw new NotSupportedException();

        public decimal this[string key] => throw new NotSupportedException();

        public bool ContainsKey(string key) => throw new NotSupportedException();

        public bool TryGetValue(string key, [MaybeNullWhen(false)] out decimal value) => throw new NotSupportedException();

        public IEnumerator<KeyValuePair<string, decimal>> GetEnumerator() => throw new NotSupportedException();

        IEnumerator IEnumerable.GetEnumerator() => throw new NotSupportedException();
    }
}
