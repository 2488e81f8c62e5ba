namespace StreamUsage.Delivery;

/// <summary>Counts pending records. A flush waits for those that were pending when it began.</summary>
internal sealed class PendingRecords
{
    private readonly object _gate = new();
    private readonly List<Group> _earlier = [];
    private Group _current = new();

    /// <summary>Adds a record, which is pending until it ends.</summary>
    public PendingRecord Add()
    {
        lock (_gate)
        {
            _current.Count++;
            return new Entry(this, _current);
        }
    }

    private void Remove(Group group)
    {
        lock (_gate)
        {
            if (--group.Count == 0 && _earlier.Remove(group))
            {
                group.Ended.SetResult();
            }
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
                _current = new Group();
            }

            return Task.WhenAll(_earlier.Select(static group => group.Ended.Task));
        }
    }

    private sealed class Entry(PendingRecords records, Group group) : PendingRecord
    {
        protected override void OnEnded(DeliveryResult result) => records.Remove(group);
    }

    private sealed class Group
    {
        public int Count { get; set; }

        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
