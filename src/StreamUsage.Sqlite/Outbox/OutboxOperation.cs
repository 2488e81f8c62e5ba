namespace StreamUsage.Sqlite.Outbox;

/// <summary>Represents an operation on an outbox's file. Its task ends with true when it is safe on disk, and with
/// false if the file cannot be used.</summary>
/// <param name="execute">Runs in a transaction, and again after a rollback.</param>
internal sealed class OutboxOperation(Action<OutboxFile> execute)
    : TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    private int _isTaken;

    /// <summary>Gets whether the operation brings records that wait for their sinks.</summary>
    public bool BringsRecords { get; init; }

    /// <summary>Gets whether the operation ends records.</summary>
    public bool EndsRecords { get; init; }

    /// <summary>Claims the operation, to execute or to abandon it. Returns false if it is claimed already.</summary>
    public bool TryTake() => Interlocked.Exchange(ref _isTaken, 1) == 0;

    public void Execute(OutboxFile file) => execute(file);
}
