namespace StreamUsage.Recording;

/// <summary>Counts records on their way. A flush waits for those that were there when it began, whatever comes after
/// them.</summary>
internal sealed class PendingRecords
{
    private readonly object _gate = new();
    private readonly List<Group> _earlier = [];
    private Group _current = new();

    /// <summary>Adds a record. The result is passed to <see cref="Remove"/>.</summary>
    public Group Add()
    {
        lock (_gate)
        {
            _current.Count++;
            return _current;
        }
    }

    public void Remove(Group group)
    {
        lock (_gate)
        {
            if (--group.Count == 0 && _earlier.Remove(group))
            {
                group.Ended.SetResult();
            }
        }
    }

    /// <summary>Completes when the records that are on their way now have ended.</summary>
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

    /// <summary>Records that were added between two flushes.</summary>
    internal sealed class Group
    {
        public int Count { get; set; }

        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
