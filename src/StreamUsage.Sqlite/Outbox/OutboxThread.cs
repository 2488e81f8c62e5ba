using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace StreamUsage.Sqlite.Outbox;

/// <summary>Represents the thread that owns the file of an outbox. It executes all waiting operations in one
/// transaction, so that many records share one write to the disk.</summary>
/// <param name="path">The path of the outbox, for the log.</param>
/// <param name="folder">Opens the file; disposed when the thread ends.</param>
/// <param name="settlements">The settlements, which are written with each transaction.</param>
/// <param name="onSettled">Called on the thread for each row that was settled.</param>
/// <param name="options">The timeout of an operation, and how long failed records stay.</param>
/// <param name="log">Gets the changes of the file's state.</param>
/// <param name="time">The clock.</param>
internal sealed class OutboxThread(
    string path, OutboxFolder folder, OutboxSettlements settlements, Action<string> onSettled, SqliteOutboxOptions options,
    OutboxLogger log, TimeProvider time) : IAsyncDisposable
{
    private const int MaxWaiting = 20_000, MaxOperationsAtOnce = 2_000;

    private static readonly TimeSpan TimeToEnd = TimeSpan.FromSeconds(10);

    private readonly BlockingCollection<OutboxOperation> _operations = new(MaxWaiting);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private OutboxFile? _file; // Used by the thread alone, like the fields below.
    private volatile Exception? _fault;
    private volatile int _openings;
    private bool _isReported;
    private long _failedAt;

    /// <summary>Gets how long the thread leaves a file alone that cannot be used.</summary>
    public static TimeSpan PauseOfFault { get; } = TimeSpan.FromSeconds(2);

    /// <summary>Gets why the file cannot be used at present; null if it can.</summary>
    public Exception? Fault => _fault;

    /// <summary>Gets how often a file was opened. After an opening, positions may repeat: a damaged file is
    /// replaced.</summary>
    public int Openings => _openings;

    /// <summary>Gets the pulse after a store, an adoption or an opening: there may be records to read.</summary>
    public OutboxPulse Stored { get; } = new();

    /// <summary>Gets the pulse of settled rows.</summary>
    public OutboxPulse Settled { get; } = new();

    /// <summary>Gets a task that completes when the thread has ended and the file is closed.</summary>
    public Task Ended => _ended.Task;

    public void Start() => new Thread(Run) { IsBackground = true, Name = "StreamUsage outbox" }.UnsafeStart();

    /// <summary>Ends the thread when it has executed all waiting operations. Waits at most 10 seconds: a disk that
    /// hangs must not hang the process.</summary>
    public async ValueTask DisposeAsync()
    {
        _operations.CompleteAdding();
        await Ended.WaitAsync(TimeToEnd).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Adds an operation. Returns false if too many wait, or the thread ends.</summary>
    public bool TryAdd(OutboxOperation operation)
    {
        try
        {
            return _operations.TryAdd(operation);
        }
        catch (InvalidOperationException)
        {
            return false; // The thread ends.
        }
    }

    /// <summary>Executes an operation without a timeout. Returns whether its effect is on disk: false at once if too
    /// many operations wait, or the thread ends.</summary>
    public Task<bool> ExecuteWithoutTimeoutAsync(OutboxOperation operation) =>
        TryAdd(operation) ? operation.Task : Task.FromResult(false);

    /// <summary>Executes an operation. Returns whether its effect is on disk. After the timeout it is left out, but
    /// false does not tell: it may be being executed.</summary>
    public async Task<bool> ExecuteAsync(OutboxOperation operation)
    {
        Task<bool> executed = ExecuteWithoutTimeoutAsync(operation);
        await ((Task)executed).WaitAsync(options.StoreTimeout, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!executed.IsCompleted)
        {
            operation.Abandon();
            return false;
        }

        return await executed.ConfigureAwait(false);
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
        while (_operations.TryTake(out OutboxOperation? missed))
        {
            missed.SetResult(false);
        }

        Close();
        folder.Dispose();
        _ended.SetResult();
        Stored.Send();
        Settled.Send();
    }

    private void ExecuteAll()
    {
        var batch = new List<OutboxOperation>();
        TryOpen();
        while (!_operations.IsCompleted)
        {
            batch.Clear();
            bool hasAny = _operations.TryTake(out OutboxOperation? next, PauseOfFault);
            while (hasAny)
            {
                batch.Add(next!);
                hasAny = batch.Count < MaxOperationsAtOnce && _operations.TryTake(out next);
            }

            if (batch.Count != 0 || !settlements.IsEmpty)
            {
                Execute(batch);
            }
        }

        Execute([]); // Writes the last settlements.
    }

    private void Execute(List<OutboxOperation> batch)
    {
        bool isDone = TryExecute(batch, out bool hasSettled)
            || (_file is not null && TryExecute(batch, out hasSettled)); // A damaged file was replaced.
        foreach (OutboxOperation operation in batch)
        {
            operation.SetResult(isDone);
        }

        if (isDone && batch.Exists(static operation => operation.BringsRecords))
        {
            Stored.Send();
        }

        if (hasSettled)
        {
            Settled.Send();
        }
    }

    private bool TryExecute(List<OutboxOperation> batch, out bool hasSettled)
    {
        hasSettled = false;
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

            KeyValuePair<string, bool>[] written = settlements.Write(file, time.GetUtcNow());
            file.Commit();
            batch.ForEach(static operation => operation.Committed?.Invoke());
            settlements.Forget(written);
            foreach ((string id, _) in written)
            {
                onSettled(id);
            }

            hasSettled = written.Length != 0;
            return true;
        }
        catch (Exception fault)
        {
            file.Rollback();
            Close();
            if (fault is SqliteException damage && SqliteErrors.IsDamage(damage))
            {
                TryUse(() => folder.Replace(file.Path, fault));
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
        (_fault is null || time.GetElapsedTime(_failedAt) >= PauseOfFault) && TryUse(folder.Open);

    private bool TryUse(Func<OutboxFile> open)
    {
        try
        {
            OutboxFile file = open();
            try
            {
                file.RemoveFailedBefore(time.GetUtcNow() - options.FailedRecordRetention);
            }
            catch
            {
                file.Dispose();
                throw;
            }

            _file = file;
            _fault = null;
            _openings++;
            Stored.Send();
            if (_isReported)
            {
                log.Write(l => OutboxLog.Usable(l, file.Path));
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
            // Nobody uses the file any more.
        }
    }

    private void Report(Exception fault)
    {
        _fault = fault;
        _failedAt = time.GetTimestamp();
        if (!_isReported)
        {
            _isReported = true;
            log.Write(l => OutboxLog.Unusable(l, path, fault));
        }
    }
}
