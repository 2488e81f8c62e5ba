namespace StreamUsage.Sqlite.Outbox;

/// <summary>Represents an operation on an outbox's file. Its task ends with true when it is safe on disk, and with
/// false if the file cannot be used.</summary>
/// <param name="execute">Runs in a transaction, and again after a rollback.</param>
internal sealed class OutboxOperation(Action<OutboxFile> execute)
    : TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    private Action<OutboxFile>? _execute = execute;

    /// <summary>Gets whether the operation brings records that wait for their sinks.</summary>
    public bool BringsRecords { get; init; }

    /// <summary>Gets what runs on the thread after the commit, before any row that it read can end.</summary>
    public Action? Committed { get; init; }

    public void Execute(OutboxFile file) => Volatile.Read(ref _execute)?.Invoke(file);

    /// <summary>Leaves the operation out, unless it is being executed, and releases what it holds.</summary>
    public void Abandon() => Volatile.Write(ref _execute, null);
}
