namespace StreamUsage.Recording;

/// <summary>Holds a response's record for those who await it. Tasks are created on demand. Its owner's lock guards all
/// but <see cref="Complete"/>. A mutable struct: never copy it.</summary>
internal struct RecordPromise
{
    private TaskCompletionSource<UsageRecord>? _completion;
    private TaskCompletionSource<DeliveryResult>? _delivery;
    private DeliveryResult _result;

    /// <summary>Gets the delivered record; null before that.</summary>
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

        return _delivery.Task;
    }

    public void Keep(UsageRecord record, DeliveryResult result)
    {
        Record = record;
        _result = result;
    }

    /// <summary>Completes the tasks, after <see cref="Keep"/> and outside the lock.</summary>
    public readonly void Complete()
    {
        _delivery?.TrySetResult(_result);
        _completion?.TrySetResult(Record!);
    }
}
