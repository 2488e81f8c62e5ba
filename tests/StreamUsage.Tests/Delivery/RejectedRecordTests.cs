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
}
