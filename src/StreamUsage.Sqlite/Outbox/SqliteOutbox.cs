using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using StreamUsage.Delivery.Outbox;

namespace StreamUsage.Sqlite.Outbox;

/// <summary>Represents an outbox in a SQLite file. One thread owns the file. It executes all waiting operations in one
/// transaction, so that many records share one write to the disk.</summary>
internal sealed class SqliteOutbox : IRecordOutbox
{
    private const int MaxWaiting = 20_000, MaxOperationsAtOnce = 2_000;

    private static readonly TimeSpan PauseOfFault = TimeSpan.FromSeconds(2), TimeToEnd = TimeSpan.FromSeconds(10);

    private readonly string _path;
    private readonly SqliteOutboxOptions _options;
    private readonly OutboxLogger _log;
    private readonly TimeProvider _time;
    private readonly OutboxFolder _folder;
    private readonly BlockingCollection<OutboxOperation> _operations = new(MaxWaiting);
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly OutboxPulse _stored = new(), _settled = new();
    private readonly OutboxEndings _endings = new();
    private readonly ConcurrentDictionary<Guid, bool> _taken = new(); // Records that were read and have not ended.
    private OutboxFile? _file; // Used by the thread.
    private volatile Exception? _fault;
    private volatile int _files; // How often a file was opened. Positions hold for one of them.
    private bool _isReported;
    private long _failedAt, _position;
    private int _positionOf;

    public SqliteOutbox(string path, SqliteOutboxOptions options, ILogger? logger, TimeProvider time)
    {
        (_path, _options, _log, _time) = (path, options, new OutboxLogger(logger), time);
        _folder = new OutboxFolder(path, Guid.NewGuid().ToString("N"), _log, time);
        using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
        {
            new Thread(Run) { IsBackground = true, Name = "StreamUsage outbox" }.Start();
            _ = Task.Run(AdoptAsync);
        }
    }

    public Exception? Fault => _fault;

    public async Task<bool> StoreAsync(UsageRecord record)
    {
        _taken.TryRemove(record.Id, out _); // The record of an orphan is to be read again.
        bool isStored = false;
        try
        {
            byte[] json = UsageRecordJson.ToUtf8Bytes(record);
            isStored = await ExecuteAsync(new OutboxOperation(file => file.Store(record.Id, json)) { BringsRecords = true })
                .ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The record cannot be written as JSON.
        }

        if (!isStored)
        {
            _endings.Remove(record.Id); // It is delivered directly: what the file has of it must not come as well.
        }

        return isStored;
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

        return ExecuteAsync(new OutboxOperation(file =>
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
            Task stored = _stored.Next;
            if (_positionOf != _files)
            {
                (_positionOf, _position) = (_files, 0);
            }

            List<OutboxRow> rows = [];
            bool isRead = await ExecuteAsync(new OutboxOperation(file => rows = file.Read(_position, max))).ConfigureAwait(false);
            if (isRead && rows.Count != 0)
            {
                _position = rows[^1].Position;
                List<OutboxEntry> entries = [.. rows.Select(Take).OfType<OutboxEntry>()];
                if (entries.Count != 0)
                {
                    return entries;
                }

                continue; // All of them were read before, or cannot be read.
            }

            await stored.WaitAsync(isRead ? Timeout.InfiniteTimeSpan : PauseOfFault, _time, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return [];
    }

    public void Settle(Guid id, DeliveryResult result)
    {
        if (result == DeliveryResult.Delivered || _options.FailedRecordRetention == TimeSpan.Zero)
        {
            _endings.Remove(id);
        }
        else
        {
            _endings.Fail(id);
        }

        TryAdd(new OutboxOperation(static _ => { })); // The endings are written with it.
    }

    public async Task WhenSettledAsync()
    {
        long last = long.MaxValue;
        while (!_ended.Task.IsCompleted)
        {
            Task settled = _settled.Next;
            if (!await ExecuteAsync(new OutboxOperation(file => last = file.LastStored(last))).ConfigureAwait(false) || last == 0)
            {
                return;
            }

            await settled.ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _operations.CompleteAdding();
        await _stop.CancelAsync().ConfigureAwait(false);

        // A disk that hangs must not hang the process.
        await _ended.Task.WaitAsync(TimeToEnd).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task<bool> ExecuteAsync(OutboxOperation operation)
    {
        if (!TryAdd(operation))
        {
            return false;
        }

        Task executed = operation.Task;
        await executed.WaitAsync(_options.StoreTimeout, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!executed.IsCompleted)
        {
            operation.Abandon();
            return false;
        }

        return await operation.Task.ConfigureAwait(false);
    }

    private bool TryAdd(OutboxOperation operation)
    {
        try
        {
            return _operations.TryAdd(operation);
        }
        catch (InvalidOperationException)
        {
            return false; // The outbox is closed.
        }
    }

    private OutboxEntry? Take(OutboxRow row)
    {
        try
        {
            UsageRecord record = UsageRecordJson.Read(row.Json);
            return _taken.TryAdd(record.Id, true) ? new OutboxEntry(record, row.IsOpen) : null;
        }
        catch (Exception fault)
        {
            _log.Write(l => OutboxLog.Unreadable(l, row.Id, _path, fault));
            TryAdd(new OutboxOperation(file => file.Fail(row.Id, _time.GetUtcNow())));
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

        Task<bool> WriteAsync(IReadOnlyList<OutboxRow> rows) => ExecuteAsync(new OutboxOperation(file =>
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

    private void Run()
    {
        try
        {
            ExecuteAll();
        }
        catch (Exception fault)
        {
            Report(fault); // A thread must not end the process. Records are delivered directly from here on.
        }

        _operations.CompleteAdding();
        Close();
        _folder.Dispose();
        _ended.SetResult();
        _stored.Send();
        _settled.Send();
    }

    private void ExecuteAll()
    {
        var batch = new List<OutboxOperation>();
        TryOpen();
        while (!_operations.IsCompleted)
        {
            batch.Clear();
            bool hasAny = _operations.TryTake(out OutboxOperation? first, PauseOfFault);
            while (hasAny && first is not null)
            {
                batch.Add(first);
                hasAny = batch.Count < MaxOperationsAtOnce && _operations.TryTake(out first);
            }

            if (batch.Count != 0 || !_endings.IsEmpty)
            {
                Execute(batch);
            }
        }

        Execute([]); // Writes the last endings.
    }

    private void Execute(List<OutboxOperation> batch)
    {
        bool isDone = TryExecute(batch, out bool hasEnded)
            || (_file is not null && TryExecute(batch, out hasEnded)); // A damaged file was replaced.
        foreach (OutboxOperation operation in batch)
        {
            operation.SetResult(isDone);
        }

        if (isDone && batch.Exists(static operation => operation.BringsRecords))
        {
            _stored.Send();
        }

        if (hasEnded)
        {
            _settled.Send();
        }
    }

    private bool TryExecute(List<OutboxOperation> batch, out bool hasEnded)
    {
        hasEnded = false;
        if (_file is null && !TryOpen())
        {
            return false;
        }

        OutboxFile file = _file!;
        try
        {
            file.Begin();
            foreach (OutboxOperation operation in batch)
            {
                operation.Execute(file);
            }

            KeyValuePair<string, bool>[] endings = _endings.Write(file, _time.GetUtcNow());
            file.Commit();
            _endings.Forget(endings);
            foreach ((string id, _) in endings)
            {
                _taken.TryRemove(Guid.Parse(id), out _);
            }

            hasEnded = endings.Length != 0;
            return true;
        }
        catch (Exception fault)
        {
            file.Rollback();
            Close();
            if (fault is SqliteException damage && SqliteErrors.IsDamage(damage))
            {
                TryUse(() => _folder.Replace(file.Path, fault));
            }
            else
            {
                Report(fault);
            }

            return false;
        }
    }

    // Tries again after a pause, so that a full disk does not cost an attempt for each record.
    private bool TryOpen() =>
        (_fault is null || _time.GetElapsedTime(_failedAt) >= PauseOfFault) && TryUse(_folder.Open);

    private bool TryUse(Func<OutboxFile> open)
    {
        try
        {
            OutboxFile file = open();
            try
            {
                file.RemoveFailedBefore(_time.GetUtcNow() - _options.FailedRecordRetention);
            }
            catch
            {
                file.Dispose();
                throw;
            }

            _file = file;
            _fault = null;
            _files++;
            _stored.Send();
            if (_isReported)
            {
                _log.Write(l => OutboxLog.Usable(l, file.Path));
                _isReported = false;
            }

            return true;
        }
        catch (Exception fault)
        {
            Report(fault);
            return false;
        }
    }

    private void Close()
    {
        OutboxFile? file = _file;
        _file = null;
        try
        {
            file?.Dispose();
        }
        catch (Exception)
        {
            // The file was of no use any more.
        }
    }

    private void Report(Exception fault)
    {
        _fault = fault;
        _failedAt = _time.GetTimestamp();
        if (!_isReported)
        {
            _isReported = true;
            _log.Write(l => OutboxLog.Unusable(l, _path, fault));
        }
    }
}
