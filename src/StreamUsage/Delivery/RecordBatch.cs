namespace StreamUsage.Delivery;

/// <summary>What is on its way to a sink: changed by one reader of a queue, looked at by the meter.</summary>
internal sealed class RecordBatch
{
    private readonly object _gate = new();
    private readonly List<QueuedRecord> _queued = [];

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _queued.Count;
            }
        }
    }

    /// <summary>When the oldest came into the queue; null where there is none.</summary>
    public long? Since
    {
        get
        {
            lock (_gate)
            {
                return _queued.Count == 0 ? null : _queued[0].Since;
            }
        }
    }

    public QueuedRecord this[int index] => _queued[index];

    public void Add(QueuedRecord queued)
    {
        lock (_gate)
        {
            _queued.Add(queued);
        }
    }

    public void Remove(int index, int count)
    {
        lock (_gate)
        {
            _queued.RemoveRange(index, count);
        }
    }

    public int IndexOf(UsageRecord record) => _queued.FindIndex(queued => ReferenceEquals(queued.Record, record));

    /// <summary>The first of them, as many as a call is given.</summary>
    public UsageRecord[] ToRecords(int atMost) => [.. _queued.Take(atMost).Select(static queued => queued.Record)];
}
