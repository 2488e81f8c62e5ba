namespace StreamUsage.Delivery;

/// <summary>Represents the batches that left a queue and have records in delivery.</summary>
internal sealed class BatchesUnderWay
{
    private readonly object _gate = new();
    private readonly HashSet<QueuedRecord[]> _batches = [];

    /// <summary>Gets the number of records that have not ended.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return Open.Distinct().Count();
            }
        }
    }

    /// <summary>Gets the timestamp when the delivery of the oldest of them began; <see cref="long.MaxValue"/> if there
    /// is none.</summary>
    public long Oldest
    {
        get
        {
            lock (_gate)
            {
                return Open.Select(static record => record.Since).DefaultIfEmpty(long.MaxValue).Min();
            }
        }
    }

    // A failed record may be in two batches: the one it left the queue in, and the one it is retried in.
    private IEnumerable<QueuedRecord> Open => _batches.SelectMany(static batch => batch).Where(static record => !record.IsEnded);

    /// <summary>Adds a batch. Arrays are told apart by reference.</summary>
    public void Add(QueuedRecord[] batch)
    {
        lock (_gate)
        {
            _batches.Add(batch);
        }
    }

    public void Remove(QueuedRecord[] batch)
    {
        lock (_gate)
        {
            _batches.Remove(batch);
        }
    }
}
