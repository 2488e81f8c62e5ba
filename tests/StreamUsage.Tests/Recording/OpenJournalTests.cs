using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using StreamUsage.Delivery.Outbox;
using StreamUsage.Http;
using StreamUsage.Parsing.Anthropic;
using StreamUsage.PassThrough.Sessions;
using StreamUsage.Recording.Journal;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Recording;

/// <summary>The journal holds the record that an open response gets if its process ends now.</summary>
public sealed class OpenJournalTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new(PriceTables.Noon);
    private readonly Outbox _outbox = new();
    private readonly UsageTracker _tracker;
    private readonly OpenJournal _journal;

    public OpenJournalTests()
    {
        _tracker = new UsageTracker(new RecordingSink(), timeProvider: _time);
        _journal = new OpenJournal(_tracker.BodySettings.Records.Open, _outbox, _time);
    }

    public async ValueTask DisposeAsync()
    {
        _journal.Dispose();
        await _tracker.StopAsync(new CancellationToken(canceled: true));
    }

    [Fact]
    public async Task An_answer_that_is_complete_is_complete_though_its_process_ends()
    {
        UsageRecord record = await JournalAsync(Answers.Claude);

        record.Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.Completed && r.Status == UsageStatus.Completed
            && r.StatusCode == 200 && r.ErrorType == null && r.ErrorMessage == null && r.Usage.OutputTokens == 15);
    }

    [Fact]
    public async Task An_error_of_the_provider_stays_the_error_if_the_process_ends()
    {
        UsageRecord record = await JournalAsync(Answers.ClaudeStart + Answers.ClaudeError);

        record.Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.ProviderError && r.StatusCode == 529
            && r.ErrorType == "overloaded_error" && r.ErrorMessage == "Overloaded");
    }

    [Fact]
    public async Task An_answer_that_is_incomplete_is_interrupted_by_the_end_of_its_process()
    {
        UsageRecord record = await JournalAsync(Answers.ClaudeStart);

        record.Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.Interrupted && r.Status == UsageStatus.Failed
            && r.StatusCode == 502 && r.ErrorType == "process_ended" && r.Usage.InputTokens == 25
            && !r.Anomalies.HasFlag(UsageAnomalies.UncertainBill));
    }

    [Fact]
    public async Task An_input_that_is_estimated_by_its_size_makes_the_bill_uncertain()
    {
        UsageRecord record = await JournalAsync(Answers.ChatText, new UsageContext { RequestBody = new byte[400] });

        record.Should().Match<UsageRecord>(r => r.InputSource == TokenSource.Estimated && r.Usage.InputTokens == 100
            && r.Anomalies.HasFlag(UsageAnomalies.UncertainBill));
    }

    [Fact]
    public async Task The_duration_is_not_negative_if_the_request_began_in_the_future()
    {
        UsageRecord record = await JournalAsync(
            Answers.ClaudeStart, new UsageContext { RequestStartedAt = PriceTables.Noon + TimeSpan.FromHours(1) });

        record.Duration.Should().BePositive();
    }

    [Fact]
    public async Task What_a_client_reports_later_is_written_too()
    {
        ClientResponse response = _tracker.Responses.TrackClient(Track.Nothing, new ClaudeParser(), isStreamed: true, httpStatusCode: null);
        response.Receive(Data(Answers.ClaudeStart));
        (await WrittenAsync()).Usage.OutputTokens.Should().BeLessThan(15);
        response.Receive(Data(Answers.ClaudeDelta));

        (await WrittenAsync()).Usage.OutputTokens.Should().Be(15);
        GC.KeepAlive(response);
    }

    [Fact]
    public async Task A_fetch_of_a_stored_answer_is_not_written()
    {
        using HttpResponseMessage fetch = Track.Response(Answers.ClaudeStart);
        _tracker.Responses.Track(fetch, Track.Nothing, new SentRequest(0, StoredAnswerId: "resp_1"));

        UsageRecord record = await JournalAsync(Answers.ClaudeStart, new UsageContext { RequestId = "open" });

        record.Context.RequestId.Should().Be("open");
    }

    private static byte[] Data(string answer) => Answers.Bytes(answer[(answer.IndexOf("data: ", StringComparison.Ordinal) + 6)..].Trim());

    private async Task<UsageRecord> JournalAsync(string answer, UsageContext? context = null)
    {
        Stream stream = _tracker.Track(new ScriptedStream(answer), context ?? Track.Nothing, out _);
        _ = await stream.ReadAsync(new byte[4096], TestContext.Current.CancellationToken);
        UsageRecord record = await WrittenAsync();
        GC.KeepAlive(stream);
        return record;
    }

    private async Task<UsageRecord> WrittenAsync()
    {
        int written = _outbox.Written.Count;
        for (int i = 0; i < 1000 && _outbox.Written.Count == written; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(500));
            for (int j = 0; j < 10 && _outbox.Written.Count == written; j++)
            {
                await Task.Delay(1, TestContext.Current.CancellationToken);
            }
        }

        _outbox.Written.Count.Should().Be(written + 1);
        return _outbox.Written.Last();
    }

    private sealed class Outbox : IRecordOutbox
    {
        public ConcurrentQueue<UsageRecord> Written { get; } = new();

        public Exception? Fault => null;

        public Task<bool> StoreAsync(UsageRecord record) => Task.FromResult(false);

        public Task<bool> JournalAsync(IReadOnlyList<OpenRecord> open)
        {
            foreach (OpenRecord response in open)
            {
                Written.Enqueue(response.Record);
            }

            return Task.FromResult(true);
        }

        public Task<IReadOnlyList<OutboxEntry>> ReadAsync(int max, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<OutboxEntry>>([]);

        public void Settle(Guid id, DeliveryResult result)
        {
        }

        public Task WhenSettledAsync() => Task.CompletedTask;

        public ValueTask DisposeAsync() => default;
    }
}
