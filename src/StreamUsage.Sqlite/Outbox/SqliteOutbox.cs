using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using StreamUsage.Delivery.Outbox;

namespace StreamUsage.Sqlite.Outbox;

/// <summary>Represents an outbox in a SQLite file. One thread owns the file. It executes all waiting operations in one
/// transaction, so that many records share one write to the disk.</summary>
internal sealed class SqliteOutbox : IRecordOutbox
{
    private const int MaxWaiting = 20_000, MaxOperationsAtOnce = 2_000;

    private static readonly TimeSpan PauseOfFault = TimeSpan.FromSeconds(2);

    private readonly string _path;
    private readonly SqliteOutboxOptions _options;
    private readonly ILogger? _logger;
    private readonly TimeProvider _time;
    private readonly OutboxFolder _folder;
    private readonly BlockingCollection<OutboxOperation> _operations = new(MaxWaiting);
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly OutboxPulse _stored = new(), _settled = new();
    private volatile OutboxFile? _file; // Only the thread uses it; others read its path.
    private volatile Exception? _fault;
    private bool _isReported;
    private long _failedAt;

    public SqliteOutbox(string path, SqliteOutboxOptions options, ILogger? logger, TimeProvider time)
    {
        (_path, _options, _logger, _time) = (path, options, logger, time);
        _folder = new OutboxFolder(path, Guid.NewGuid().ToString("N"), logger, time);
        using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
        {
            new Thread(Run) { IsBackground = true, Name = "StreamUsage outbox" }.Start();
            _ = Task.Run(AdoptAsync);
        }
    }

    public Exception? Fault => _fault;

    public async Task<bool> StoreAsync(UsageRecord record)
    {
        try
        {
            byte[] json = UsageRecordJson.ToUtf8Bytes(record);
            var operation = new OutboxOperation(file => file.Store(record.Id, json)) { BringsRecords = true };
            return TryAdd(operation) && await WithinTimeoutAsync(operation).ConfigureAwait(false);
        }
        catch (Exception)
        {
            return false; // The record cannot be written as JSON.
        }
    }

    public void Journal(IReadOnlyList<OpenRecord> open)
    {
        try
        {
            (Guid Id, byte[] Json, Func<bool> IsOpen)[] rows =
                [.. open.Select(static response => (response.Record.Id, UsageRecordJson.ToUtf8Bytes(response.Record), response.IsOpen))];
            TryAdd(new OutboxOperation(file =>
            {
                foreach ((Guid id, byte[] json, Func<bool> isOpen) in rows)
                {
                    // A response that has ended is stored by a later operation, or was stored already.
                    if (isOpen())
                    {
                        file.Keep(id, json);
                    }
                }
            }));
        }
        catch (Exception)
        {
            // One of them cannot be written as JSON.
        }
    }

    public async Task<IReadOnlyList<OutboxEntry>> ReadAsync(long after, int max, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            Task stored = _stored.Next;
            List<OutboxRow> rows = [];
            var read = new OutboxOperation(file => rows = file.Read(after, max));
            bool isRead = TryAdd(read) && await read.Task.ConfigureAwait(false);
            if (isRead && rows.Count != 0)
            {
                List<OutboxEntry> entries = [.. rows.Select(Parse).OfType<OutboxEntry>()];
                if (entries.Count != 0)
                {
                    return entries;
                }

                continue; // Unreadable rows were marked.
            }

            await stored.WaitAsync(isRead ? Timeout.InfiniteTimeSpan : PauseOfFault, _time, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return [];
    }

    public void Settle(long position, DeliveryResult result)
    {
        bool isRemoved = result == DeliveryResult.Delivered || _options.FailedRecordRetention == TimeSpan.Zero;
        TryAdd(new OutboxOperation(file =>
        {
            if (isRemoved)
            {
                file.Remove(position);
            }
            else
            {
                file.Fail(position, _time.GetUtcNow());
            }
        })
        {
            EndsRecords = true,
        });
    }

    public async Task WhenSettledAsync()
    {
        long last = long.MaxValue;
        while (true)
        {
            Task settled = _settled.Next;
            var look = new OutboxOperation(file => last = file.LastStored(last));
            if (!TryAdd(look) || !await look.Task.ConfigureAwait(false) || last == 0)
            {
                return;
            }

            await settled.ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_operations.IsAddingCompleted)
        {
            _operations.CompleteAdding();
            await _stop.CancelAsync().ConfigureAwait(false);
        }

        await _ended.Task.ConfigureAwait(false);
    }

    private async Task<bool> WithinTimeoutAsync(OutboxOperation operation)
    {
        Task written = operation.Task;
        await written.WaitAsync(_options.StoreTimeout, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        bool isAbandoned = !written.IsCompleted && operation.TryTake();
        return !isAbandoned && await operation.Task.ConfigureAwait(false); // Else it is being written.
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

    private OutboxEntry? Parse(OutboxRow row)
    {
        try
        {
            return new OutboxEntry(row.Position, UsageRecordJson.Read(row.Json), row.IsOpen);
        }
        catch (JsonException fault)
        {
            if (_logger is not null)
            {
                OutboxLog.Unreadable(_logger, row.Id, _path, fault);
            }

            Settle(row.Position, DeliveryResult.Failed);
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
                if (_file is { } file)
                {
                    await _folder.AdoptAsync(file.Path, WriteAsync).ConfigureAwait(false);
                }
            }
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            // The outbox is closed.
        }

        async Task<bool> WriteAsync(IReadOnlyList<OutboxRow> rows)
        {
            var write = new OutboxOperation(file =>
            {
                foreach (OutboxRow row in rows)
                {
                    file.Adopt(row);
                }
            })
            {
                BringsRecords = true,
            };
            return TryAdd(write) && await write.Task.ConfigureAwait(false);
        }
    }

    private void Run()
    {
        var batch = new List<OutboxOperation>();
        TryOpen();
        while (!_operations.IsCompleted)
        {
            batch.Clear();
            if (_operations.TryTake(out OutboxOperation? first, Timeout.Infinite))
            {
                batch.Add(first);
                while (batch.Count < MaxOperationsAtOnce && _operations.TryTake(out OutboxOperation? next))
                {
                    batch.Add(next);
                }

                Execute(batch);
            }
        }

        Close();
        _ended.SetResult();
    }

    private void Execute(List<OutboxOperation> batch)
    {
        batch.RemoveAll(static operation => !operation.TryTake());
        bool isDone = TryExecute(batch) || (_file is not null && TryExecute(batch)); // A damaged file was replaced.
        foreach (OutboxOperation operation in batch)
        {
            operation.SetResult(isDone);
        }

        if (batch.Exists(static operation => operation.BringsRecords))
        {
            _stored.Send();
        }

        if (batch.Exists(static operation => operation.EndsRecords))
        {
            _settled.Send();
        }
    }

    private bool TryExecute(List<OutboxOperation> batch)
    {
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

            file.Commit();
            return true;
        }
        catch (Exception fault)
        {
            file.Rollback();
            Close();
            if (fault is SqliteException damage && SqliteErrors.IsDamage(damage))
            {
                TryReplace(file.Path, fault);
            }
            else
            {
                Report(fault);
            }

            return false;
        }
    }

    // Tries again after a pause, so that a full disk does not cost an attempt for each record.
    private bool TryOpen()
    {
        if (_fault is not null && _time.GetElapsedTime(_failedAt) < PauseOfFault)
        {
            return false;
        }

        try
        {
            Use(_folder.Open());
            return true;
        }
        catch (Exception fault)
        {
            Report(fault);
            return false;
        }
    }

    private void TryReplace(string path, Exception damage)
    {
        try
        {
            Use(_folder.Replace(path, damage));
        }
        catch (Exception fault)
        {
            Report(fault);
        }
    }

    private void Use(OutboxFile file)
    {
        _file = file;
        _fault = null;
        file.RemoveFailedBefore(_time.GetUtcNow() - _options.FailedRecordRetention);
        if (_isReported && _logger is not null)
        {
            OutboxLog.Usable(_logger, file.Path);
        }

        _isReported = false;
    }

    private void Close()
    {
        OutboxFile? file = _file;
        _file = null;
        try
        {
            file?.Dispose();
        }
        catch (SqliteException)
        {
            // The file was of no use any more.
        }
    }

    private void Report(Exception fault)
    {
        _fault = fault;
        _failedAt = _time.GetTimestamp();
        if (!_isReported && _logger is not null)
        {
            _isReported = true;
            OutboxLog.Unusable(_logger, _path, fault);
        }
    }
}
