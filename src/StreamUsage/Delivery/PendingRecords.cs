namespace StreamUsage.Delivery;

/// <summary>Counts pending records. A flush waits for those that were pending when it began.</summary>
internal sealed class PendingRecords
{
    private readonly object _gate = new();
    private readonly List<Group> _earlier = [];
    private Group _current;

    public PendingRecords() => _current = new Group(this);

    /// <summary>Adds a record, which is pending until it is removed from the returned group.</summary>
    public Group Add()
    {
        lock (_gate)
        {
            _current.Count++;
            return _current;
        }
    }

    /// <summary>Returns a task that completes when the records that are pending now have ended.</summary>
    public Task WhenEnded()
    {
        lock (_gate)
        {
            if (_current.Count != 0)
            {
                _earlier.Add(_current);
                _current = new Group(this);
            }

            return Task.WhenAll(_earlier.Select(static group => group.Ended.Task));
        }
    }

    /// <summary>Represents records that became pending between two flushes.</summary>
    public sealed class Group(PendingRecords records)
    {
        public int Count { get; set; }

        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void RemoveOne()
        {
            lock (records._gate)
            {
                if (--Count == 0 && records._earlier.Remove(this))
                {
                    Ended.SetResult();
                }
            }
        }
    }
}
