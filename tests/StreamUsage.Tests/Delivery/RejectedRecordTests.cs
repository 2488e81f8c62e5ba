using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using StreamUsage.Delivery;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Delivery;

/// <summary>Batches of which a sink rejects records: these end at once, and the others count as stored.</summary>
public sealed class RejectedRecordTests : IDisposable
{
    private readonly RecordingLog _log = new();
    private readonly ConcurrentQueue<string?> _failed = new();
    private readonly FakeTimeProvider _time = new();

    public void Dispose() => _log.Dispose();

    [Theory]
    [InlineData("bad 1 2", "bad")]
    [InlineData("1 bad 2", "bad")]
    [InlineData("bad 1 bad", "bad bad")]
    [InlineData("bad bad bad", "bad bad bad")]
    [InlineData("1 2 3", "")]
    public async Task Only_the_rejected_records_of_a_batch_are_undelivered(string records, string rejected)
    {
        await DeliverAsync(records, Reject);

        string[] expected = rejected.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        _failed.Should().BeEquivalentTo(expected);
        _log.Lines.Where(line => line.EventId == 3).Select(line => line.Fields["RequestId"]).Should().BeEquivalentTo(expected);
    }

    [Fact]
    public async Task A_batch_with_rejected_records_is_sent_once()
    {
        TestSink sink = await DeliverAsync("1 bad 2", Reject);

        sink.Calls.Should().ContainSingle();
        _log.Lines.Should().ContainSingle(line => line.EventId == 3).Which.Fields.Should()
            .Contain("Attempts", 1).And.Contain("Reason", DropReason.Failed);
    }

    [Fact]
    public async Task A_sink_that_rejects_records_is_not_down()
    {
        await DeliverAsync("1 bad 2", Reject);

        _log.Lines.Should().NotContain(line => line.EventId == 10);
    }

    [Fact]
    public async Task Ids_of_other_records_reject_nothing()
    {
        await DeliverAsync("1 2 3", static (_, _) => throw new RejectedRecordsException([Guid.NewGuid()], "unknown"));

        _failed.Should().BeEmpty();
    }

    [Fact]
    public async Task A_single_record_is_rejected_whatever_its_sink_names()
    {
        await DeliverAsync("1", static (_, _) => throw new RejectedRecordsException([Guid.NewGuid()], "a key of its own"));

        _failed.Should().Equal("1");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_list_is_stored_but_for_its_rejected_records_by_a_sink_without_batches(bool namesThem)
    {
        UsageRecord[] records = [.. Enumerable.Range(0, 5).Select(_ => new UsageRecord { Id = Guid.NewGuid(), Context = new() })];
        var taken = new List<UsageRecord>();
        IUsageSink sink = new CallbackUsageSink((record, _) =>
        {
            if (record == records[1] || record == records[3])
            {
                throw new RejectedRecordsException(namesThem ? [record.Id] : [], "bad");
            }

            taken.Add(record);
            return ValueTask.CompletedTask;
        });

        Func<Task> store = () => sink.RecordBatchAsync(records, CancellationToken.None).AsTask();

        (await store.Should().ThrowAsync<RejectedRecordsException>()).Which.RecordIds.Should().Equal(records[1].Id, records[3].Id);
        taken.Should().Equal(records[0], records[2], records[4]);
    }

    [Fact]
    public async Task A_sink_that_stores_and_then_forwards_gets_a_batch_once()
    {
        var ledger = new Ledger();
        var tracker = new UsageTracker(ledger, new StreamUsageOptions
        {
            Background = new BackgroundDeliveryOptions { MaxBatchSize = 3, MaxBatchDelay = TimeSpan.FromHours(1) },
        });

        for (int i = 0; i < 3; i++)
        {
            await Streams.Finish(tracker, $"{i}").Completion;
        }

        await tracker.DisposeAsync();
        ledger.Stored.Should().Equal("0", "1", "2");
        ledger.Forwarded.Should().Equal("0", "1", "2");
    }

    private static ValueTask Reject(IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken) =>
        throw new RejectedRecordsException(
            [.. records.Where(record => record.Context.RequestId == "bad").Select(record => record.Id)], "rejected");

    private async Task<TestSink> DeliverAsync(
        string records, Func<IReadOnlyList<UsageRecord>, CancellationToken, ValueTask> before)
    {
        string[] ids = records.Split(' ');
        var sink = new TestSink { Before = before };
        var tracker = new UsageTracker(
            sink,
            new StreamUsageOptions
            {
                RetryDelay = TimeSpan.Zero,
                Background = new BackgroundDeliveryOptions { MaxBatchSize = ids.Length, MaxBatchDelay = TimeSpan.FromHours(1) },
                OnDeliveryFailed = (record, _) =>
                {
                    _failed.Enqueue(record.Context.RequestId);
                    return default;
                },
            },
            _log,
            _time);
        foreach (string id in ids)
        {
            await Streams.Finish(tracker, id).Completion;
        }

        await tracker.DisposeAsync();
        return sink;
    }

    /// <summary>Stores, and then forwards to a sink without batches.</summary>
    private sealed class Ledger : DelegatingUsageSink
    {
        public Ledger()
            : this(new ConcurrentQueue<string?>())
        {
        }

        private Ledger(ConcurrentQueue<string?> forwarded)
            : base(new CallbackUsageSink((record, _) =>
            {
                forwarded.Enqueue(record.Context.RequestId);
                return ValueTask.CompletedTask;
            })) => Forwarded = forwarded;

        public ConcurrentQueue<string?> Stored { get; } = new();

        public ConcurrentQueue<string?> Forwarded { get; }

        public override ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken)
        {
            Stored.Enqueue(record.Context.RequestId);
            return base.RecordAsync(record, cancellationToken);
        }

        public override ValueTask RecordBatchAsync(IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken)
        {
            foreach (UsageRecord record in records)
            {
                Stored.Enqueue(record.Context.RequestId);
            }

            return base.RecordBatchAsync(records, cancellationToken);
        }
    }
}
