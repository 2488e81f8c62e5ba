using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using StreamUsage.Delivery.Outbox;

namespace StreamUsage.Sqlite.Outbox;

/// <summary>Represents an outbox in a SQLite file.</summary>
internal sealed class SqliteOutbox : IRecordOutbox
{
    private static readonly TimeSpan TimeToEnd = TimeSpan.FromSeconds(10);

    private readonly string _path;
    private readonly SqliteOutboxOptions _options;
    private readonly OutboxLogger _log;
    private readonly TimeProvider _time;
    private readonly OutboxFolder _folder;
    private readonly OutboxThread _thread;
    private readonly OutboxSettlements _settlements = new();
    private readonly CancellationTokenSource _stop = new();

    // Ids that no read may return: with the sinks, until their settlement is on disk. True if they were read, false if
    // they are delivered directly.
    private readonly ConcurrentDictionary<string, bool> _inDelivery = new();
    private readonly Task _adopting;
    private long _position; // Of the last row that was read.
    private int _opening; // The opening of the file that the position is in.

    public SqliteOutbox(string path, SqliteOutboxOptions options, ILogger? logger, TimeProvider time)
    {
        (_path, _options, _log, _time) = (path, options, new OutboxLogger(logger), time);
        _folder = new OutboxFolder(path, Guid.NewGuid().ToString("N"), _log, time);
        _thread = new OutboxThread(path, _folder, _settlements, id => _inDelivery.TryRemove(id, out _), options, _log, time);
        _thread.Start();
        using (ExecutionContext.SuppressFlow())
        {
            _adopting = Task.Run(AdoptAsync);
        }
    }

    public Exception? Fault => _thread.Fault;

    public async Task<bool> StoreAsync(UsageRecord record)
    {
        string id = record.Id.ToString();
        bool isOrphan = _inDelivery.ContainsKey(id); // Only an orphan was read before it is stored.
        bool isStored = false;
        try
        {
            byte[] json = UsageRecordJson.ToUtf8Bytes(record);
            isStored = await _thread.ExecuteAsync(new OutboxOperation(file => file.Store(id, json)) { BringsRecords = true })
                .ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The record cannot be written as JSON.
        }

        if (isOrphan)
        {
            if (isStored)
            {
                _inDelivery.TryRemove(id, out _); // It is read again, as a stored record.
            }

            return isStored;
        }

        // A record that was stored too late may have been read. If not, it is delivered directly, and no longer read.
        return isStored || !_inDelivery.TryAdd(id, false);
    }

    public Task<bool> JournalAsync(IReadOnlyList<OpenRecord> open)
    {
        var rows = new List<(OpenRecord Open, byte[] Json)>();
        foreach (OpenRecord response in open)
        {
            try
            {
                rows.Add((response, UsageRecordJson.ToUtf8Bytes(response.Record)));
            }
            catch (Exception)
            {
                // This one cannot be written as JSON.
            }
        }

        return _thread.ExecuteAsync(new OutboxOperation(file =>
        {
            foreach ((OpenRecord response, byte[] json) in rows)
            {
                // A response that has ended is stored by a later operation, or was stored already.
                if (response.IsOpen())
                {
                    file.Keep(response.Record.Id, json);
                }
            }
        }));
    }

    public async Task<IReadOnlyList<OutboxEntry>> ReadAsync(int max, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            Task stored = _thread.Stored.Next;
            if (_opening != _thread.Openings)
            {
                (_opening, _position) = (_thread.Openings, 0);
            }

            // Claimed on the thread: a row that is in delivery now may end with this transaction or the next one, and
            // then nothing says any more that it was delivered. Without a timeout: nobody would know of a late claim.
            List<OutboxRow> rows = [], claimed = [];
            bool isRead = await _thread.ExecuteWithoutTimeoutAsync(new OutboxOperation(file => rows = file.Read(_position, max))
            {
                Committed = () => claimed = rows.FindAll(row => _inDelivery.TryAdd(row.Id, true)),
            }).ConfigureAwait(false);
            if (isRead && rows.Count != 0)
            {
                _position = rows[^1].Position;
                List<OutboxEntry> entries = [.. claimed.Select(Read).OfType<OutboxEntry>()];
                if (entries.Count != 0)
                {
                    return entries;
                }

                continue; // All of them are in delivery, or cannot be read.
            }

            await stored.WaitAsync(isRead ? Timeout.InfiniteTimeSpan : OutboxThread.PauseOfFault, _time, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return [];
    }

    public void Settle(Guid id, DeliveryResult result) =>
        End(id.ToString(), isFailed: result != DeliveryResult.Delivered && _options.FailedRecordRetention != TimeSpan.Zero);

    public async Task WhenSettledAsync()
    {
        long last = long.MaxValue;
        while (!_thread.Ended.IsCompleted)
        {
            Task settled = _thread.Settled.Next;
            bool isRead = await _thread.ExecuteWithoutTimeoutAsync(new OutboxOperation(file => last = file.LastStored(last)))
                .ConfigureAwait(false);
            if (!isRead || last == 0)
            {
                return;
            }

            await settled.ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _thread.DisposeAsync().ConfigureAwait(false);
        await _adopting.WaitAsync(TimeToEnd).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void End(string id, bool isFailed)
    {
        if (_inDelivery.TryGetValue(id, out bool wasRead) && !wasRead && _settlements.IsFull)
        {
            _inDelivery.TryRemove(id, out _); // If it has a row, the next process delivers it once more.
            return;
        }

        _settlements.Add(id, isFailed);
        _thread.TryAdd(new OutboxOperation(static _ => { })); // Wakes the thread, which writes the settlements.
    }

    private OutboxEntry? Read(OutboxRow row)
    {
        try
        {
            UsageRecord record = UsageRecordJson.Read(row.Json);
            return new OutboxEntry(record, row.IsOpen);
        }
        catch (Exception fault)
        {
            _log.Write(l => OutboxLog.Unreadable(l, row.Id, _path, fault));
            End(row.Id, isFailed: true);
            return null;
        }
    }

    private async Task AdoptAsync()
    {
        using var timer = new PeriodicTimer(_options.AdoptionInterval, _time);
        try
        {
            do
            {
                if (_folder.Own is not null)
                {
                    await _folder.AdoptAsync(WriteAsync).ConfigureAwait(false);
                }
            }
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            // The outbox is closed.
        }

        // Without a timeout: rows written after it would be adopted, and delivered, a second time.
        Task<bool> WriteAsync(IReadOnlyList<OutboxRow> rows) => _thread.ExecuteWithoutTimeoutAsync(new OutboxOperation(file =>
        {
            foreach (OutboxRow row in rows)
            {
                file.Adopt(row);
            }
        })
        {
            BringsRecords = true,
        });
    }
}
