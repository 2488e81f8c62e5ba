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
    private readonly OutboxEndings _endings = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, bool> _inDelivery = new(); // Rows with the sinks, until their ending is on disk.
    private readonly Task _adopting;
    private long _position; // Of the last row that was read, in the file of that opening.
    private int _opening;

    public SqliteOutbox(string path, SqliteOutboxOptions options, ILogger? logger, TimeProvider time)
    {
        (_path, _options, _log, _time) = (path, options, new OutboxLogger(logger), time);
        _folder = new OutboxFolder(path, Guid.NewGuid().ToString("N"), _log, time);
        _thread = new OutboxThread(path, _folder, _endings, id => _inDelivery.TryRemove(id, out _), options, _log, time);
        _thread.Start();
        using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
        {
            _adopting = Task.Run(AdoptAsync);
        }
    }

    public Exception? Fault => _thread.Fault;

    public async Task<bool> StoreAsync(UsageRecord record)
    {
        string id = record.Id.ToString();
        bool isOrphan = _inDelivery.ContainsKey(id);
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

        if (isStored || !_inDelivery.TryAdd(id, true))
        {
            return true; // Or it was stored late, and has been read.
        }

        // It is delivered directly, so its row must not be: the state of its response, or the record stored late.
        if (!_endings.Remove(id))
        {
            _inDelivery.TryRemove(id, out _);
        }

        return false;
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

            // Rows in delivery are left out here: the same transaction may write their endings, and then nothing says
            // any more that they were delivered.
            List<OutboxRow> rows = [], waiting = [];
            bool isRead = await _thread.ExecuteAsync(new OutboxOperation(file =>
            {
                rows = file.Read(_position, max);
                waiting = rows.FindAll(row => !_inDelivery.ContainsKey(row.Id));
            })).ConfigureAwait(false);
            if (isRead && rows.Count != 0)
            {
                _position = rows[^1].Position;
                List<OutboxEntry> entries = [.. waiting.Select(Read).OfType<OutboxEntry>()];
                if (entries.Count != 0)
                {
                    return entries;
                }

                continue; // All of them were read before, or cannot be read.
            }

            await stored.WaitAsync(isRead ? Timeout.InfiniteTimeSpan : OutboxThread.PauseOfFault, _time, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return [];
    }

    public void Settle(Guid id, DeliveryResult result)
    {
        if (result == DeliveryResult.Delivered || _options.FailedRecordRetention == TimeSpan.Zero)
        {
            _endings.Remove(id.ToString());
        }
        else
        {
            _endings.Fail(id.ToString());
        }

        _thread.TryAdd(new OutboxOperation(static _ => { })); // Wakes the thread, which writes the endings.
    }

    public async Task WhenSettledAsync()
    {
        long last = long.MaxValue;
        while (!_thread.Ended.IsCompleted)
        {
            Task settled = _thread.Settled.Next;
            bool isRead = await _thread.ExecuteUnlimitedAsync(new OutboxOperation(file => last = file.LastStored(last)))
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

    private OutboxEntry? Read(OutboxRow row)
    {
        try
        {
            UsageRecord record = UsageRecordJson.Read(row.Json);
            return _inDelivery.TryAdd(row.Id, true) ? new OutboxEntry(record, row.IsOpen) : null;
        }
        catch (Exception fault)
        {
            _log.Write(l => OutboxLog.Unreadable(l, row.Id, _path, fault));
            _thread.TryAdd(new OutboxOperation(file => file.Fail(row.Id, _time.GetUtcNow())));
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

        // Without a limit: rows that were written after it would be adopted, and delivered, a second time.
        Task<bool> WriteAsync(IReadOnlyList<OutboxRow> rows) => _thread.ExecuteUnlimitedAsync(new OutboxOperation(file =>
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
