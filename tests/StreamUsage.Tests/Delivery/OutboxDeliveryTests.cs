using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using StreamUsage.Delivery.Outbox;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Delivery;

/// <summary>Records that an outbox returns, whatever the outbox is.</summary>
public sealed class OutboxDeliveryTests
{
    private static readonly UsageRecord Orphan = new() { Id = Guid.NewGuid(), Context = new() { RequestId = "orphan" } };
    private static readonly UsageRecord Stored = new() { Id = Guid.NewGuid(), Context = new() { RequestId = "stored" } };

    [Fact]
    public async Task A_record_of_an_ended_process_that_cannot_be_stored_is_delivered_directly()
    {
        var sink = new TestSink();
        var outbox = new FullOutbox(new OutboxEntry(Orphan, IsOrphan: true), new OutboxEntry(Stored, IsOrphan: false));
        await using UsageTracker tracker = Tracker(sink, outbox);

        SpinWait.SpinUntil(() => sink.Taken.Count == 2, TimeSpan.FromSeconds(30)).Should().BeTrue();

        sink.Ids.Should().BeEquivalentTo("orphan", "stored");
        SpinWait.SpinUntil(() => outbox.Settled.Count == 2, TimeSpan.FromSeconds(30)).Should().BeTrue("neither comes again");
    }

    [Fact]
    public async Task Deliveries_do_not_run_in_the_context_of_who_made_the_tracker()
    {
        using var log = new ContextLog();
        var sink = new TestSink { Before = (_, _) => throw new IOException("down") };
        log.Local.Value = "maker";

        await using UsageTracker tracker = Tracker(sink, new FullOutbox(new OutboxEntry(Stored, IsOrphan: false)), log);

        SpinWait.SpinUntil(() => !log.Seen.IsEmpty, TimeSpan.FromSeconds(30)).Should().BeTrue();
        log.Seen.Should().OnlyContain(value => value == "none");
    }

    [Fact]
    public async Task A_shutdown_cancels_the_calls_of_stored_records()
    {
        CancellationToken call = default;
        var sink = new TestSink
        {
            Before = (_, cancellationToken) =>
            {
                call = cancellationToken;
                return new ValueTask(Task.Delay(Timeout.Infinite, cancellationToken));
            },
        };
        UsageTracker tracker = Tracker(sink, new FullOutbox(new OutboxEntry(Stored, IsOrphan: false)));
        SpinWait.SpinUntil(() => call.CanBeCanceled, TimeSpan.FromSeconds(30)).Should().BeTrue();

        await tracker.DisposeAsync();

        call.IsCancellationRequested.Should().BeTrue();
    }

    [Fact]
    public async Task A_record_that_the_outbox_refuses_is_settled_when_its_sink_has_it()
    {
        var sinkMayTake = new TaskCompletionSource();
        var sink = new TestSink { Before = (_, _) => new ValueTask(sinkMayTake.Task) };
        var outbox = new FullOutbox();
        await using UsageTracker tracker = Tracker(sink, outbox);

        UsageRecord record = await Streams.Finish(tracker).Completion;
        SpinWait.SpinUntil(() => !sink.Calls.IsEmpty, TimeSpan.FromSeconds(30)).Should().BeTrue();
        outbox.Settled.Should().BeEmpty("only the tracker has it");
        sinkMayTake.SetResult();

        SpinWait.SpinUntil(() => !outbox.Settled.IsEmpty, TimeSpan.FromSeconds(30)).Should().BeTrue();
        outbox.Settled.Should().Equal(record.Id);
    }

    private static UsageTracker Tracker(IUsageSink sink, IRecordOutbox outbox, ILoggerFactory? log = null) => new(
        [sink], new StreamUsageOptions { Background = new BackgroundDeliveryOptions { ShutdownTimeout = TimeSpan.Zero } }, log, null,
        outbox: outbox);

    /// <summary>Returns its entries once, and stores nothing.</summary>
    private sealed class FullOutbox(params OutboxEntry[] entries) : IRecordOutbox
    {
        private IReadOnlyList<OutboxEntry> _entries = entries;

        public ConcurrentQueue<Guid> Settled { get; } = new();

        public Exception? Fault => null;

        public Task<bool> StoreAsync(UsageRecord record) => Task.FromResult(false);

        public Task<bool> JournalAsync(IReadOnlyList<OpenRecord> open) => Task.FromResult(false);

        public async Task<IReadOnlyList<OutboxEntry>> ReadAsync(int max, CancellationToken cancellationToken)
        {
            if (_entries.Count == 0)
            {
                await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            return Interlocked.Exchange(ref _entries, []);
        }

        public void Settle(Guid id, DeliveryResult result) => Settled.Enqueue(id);

        public Task WhenSettledAsync() => Task.CompletedTask;

        public ValueTask DisposeAsync() => default;
    }

    /// <summary>Keeps what the context of each line carries.</summary>
    private sealed class ContextLog : ILoggerFactory, ILogger
    {
        public AsyncLocal<string> Local { get; } = new();

        public ConcurrentQueue<string> Seen { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Seen.Enqueue(Local.Value ?? "none");

        public void Dispose()
        {
        }
    }
}
