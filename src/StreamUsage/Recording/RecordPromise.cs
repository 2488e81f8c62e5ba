namespace StreamUsage.Recording;

/// <summary>Holds a response's record for those who await it. Tasks are created on demand. Its owner's lock guards all
/// but <see cref="Complete"/>. A mutable struct: never copy it.</summary>
internal struct RecordPromise
{
    private TaskCompletionSource<UsageRecord>? _completion;
    private TaskCompletionSource<DeliveryResult>? _delivery;
    private DeliveryResult _result;
    private bool _isCanceled;

    /// <summary>Gets the record; null before <see cref="Keep"/>.</summary>
    public UsageRecord? Record { get; private set; }

    public readonly bool IsAwaited => _completion is not null || _delivery is not null;

    /// <summary>Returns the task of the record: the same one each time.</summary>
    public Task<UsageRecord> AwaitRecord()
    {
        _completion ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Record is not null)
        {
            _completion.TrySetResult(Record);
        }
        else if (_isCanceled)
        {
            _completion.TrySetCanceled();
        }

        return _completion.Task;
    }

    /// <summary>Returns the task of the delivery's result: the same one each time.</summary>
    public Task<DeliveryResult> AwaitDelivery()
    {
        _delivery ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Record is not null)
        {
            _delivery.TrySetResult(_result);
        }
        else if (_isCanceled)
        {
            _delivery.TrySetCanceled();
        }

        return _delivery.Task;
    }

    public void Keep(UsageRecord record, DeliveryResult result)
    {
        Record = record;
        _result = result;
    }

    /// <summary>Notes that there will be no record.</summary>
    public void Cancel() => _isCanceled = true;

    /// <summary>Completes the tasks, after <see cref="Keep"/> or <see cref="Cancel"/> and outside the lock.</summary>
    public readonly void Complete()
    {
        if (_isCanceled)
        {
            _delivery?.TrySetCanceled();
            _completion?.TrySetCanceled();
            return;
        }

        _delivery?.TrySetResult(_result);
        _completion?.TrySetResult(Record!);
    }
}
