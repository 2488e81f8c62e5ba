using Microsoft.Extensions.Time.Testing;
using StreamUsage.Delivery;
using StreamUsage.Delivery.Outbox;
using StreamUsage.Sqlite;
using StreamUsage.Sqlite.Outbox;

namespace StreamUsage.Tests.Sqlite;

/// <summary>An outbox returns each record once in a process, whatever its thread does meanwhile.</summary>
public sealed class SqliteOutboxTests : IAsyncLifetime
{
    private static readonly UsageRecord Record = new() { Id = Guid.NewGuid(), Context = new() };

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly string _folder = Directory.CreateTempSubdirectory("outbox").FullName;
    private readonly FakeTimeProvider _time = new();
    private readonly SqliteOutbox _outbox;

    public SqliteOutboxTests() =>
        _outbox = new SqliteOutbox(Path.Combine(_folder, "usage.db"), new SqliteOutboxOptions(), logger: null, _time);

    public ValueTask InitializeAsync() => default;

    public async ValueTask DisposeAsync()
    {
        await _outbox.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_record_that_is_settled_while_a_reopened_file_is_read_is_not_returned_again()
    {
        using var stop = new CancellationTokenSource();
        (await _outbox.StoreAsync(Record)).Should().BeTrue();
        (await _outbox.ReadAsync(10, stop.Token)).Should().ContainSingle();
        await ReopenAsync();

        // One transaction: the read, the pause in which the record is settled, and its ending.
        using var first = new Pause();
        using var second = new Pause();
        Task busy = JournalAsync(first.Enter);
        first.Begun.Wait(Patience).Should().BeTrue();
        Task<IReadOnlyList<OutboxEntry>> again = _outbox.ReadAsync(10, stop.Token);
        Task settling = JournalAsync(second.Enter);
        first.Ends.Set();
        second.Begun.Wait(Patience).Should().BeTrue();
        _outbox.Settle(Record.Id, DeliveryResult.Delivered);
        second.Ends.Set();
        await Task.WhenAll(busy, settling, _outbox.WhenSettledAsync());
        await stop.CancelAsync();

        (await again).Should().BeEmpty();
    }

    private async Task ReopenAsync()
    {
        (await JournalAsync(() => throw new IOException())).Should().BeFalse("the transaction fails");
        _time.Advance(OutboxThread.PauseOfFault);
        (await JournalAsync(() => false)).Should().BeTrue();
    }

    private Task<bool> JournalAsync(Func<bool> isOpen) =>
        _outbox.JournalAsync([new OpenRecord(Record with { Id = Guid.NewGuid() }, isOpen)]);

    /// <summary>Holds up the outbox's thread.</summary>
    private sealed class Pause : IDisposable
    {
        public ManualResetEventSlim Begun { get; } = new();

        public ManualResetEventSlim Ends { get; } = new();

        public bool Enter()
        {
            Begun.Set();
            Ends.Wait(Patience);
            return false;
        }

        public void Dispose()
        {
            Begun.Dispose();
            Ends.Dispose();
        }
    }
}
