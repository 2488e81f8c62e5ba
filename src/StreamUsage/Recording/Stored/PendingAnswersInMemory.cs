namespace StreamUsage.Recording.Stored;

/// <summary>Keeps pending answers in memory: the latest ones, for a limited time. Thread-safe.</summary>
internal sealed class PendingAnswersInMemory(TimeProvider time) : IPendingAnswers
{
    public const int MaxAnswers = 10_000;

    public static readonly TimeSpan MaxAge = TimeSpan.FromHours(24);

    private readonly object _gate = new();
    private readonly Dictionary<string, Entry> _answers = new(StringComparer.Ordinal);
    private readonly Queue<Entry> _byAge = new(); // Holds claimed answers too, until they are old.

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _answers.Count;
            }
        }
    }

    public ValueTask AddAsync(string responseId, UsageContext context, CancellationToken cancellationToken)
    {
        var entry = new Entry(responseId, time.GetTimestamp()) { Context = context };
        lock (_gate)
        {
            RemoveOld();
            while (_byAge.Count >= MaxAnswers)
            {
                Remove(_byAge.Dequeue());
            }

            _byAge.Enqueue(entry);
            _answers[responseId] = entry;
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<UsageContext?> TryClaimAsync(string responseId, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            RemoveOld();
            UsageContext? context = _answers.Remove(responseId, out Entry? entry) ? entry.Context : null;
            if (entry is not null)
            {
                entry.Context = null; // Its place in the queue must not keep it alive.
            }

            return new ValueTask<UsageContext?>(context);
        }
    }

    private void RemoveOld()
    {
        while (_byAge.TryPeek(out Entry? oldest) && time.GetElapsedTime(oldest.AddedAt) > MaxAge)
        {
            Remove(_byAge.Dequeue());
        }
    }

    private void Remove(Entry entry)
    {
        if (_answers.TryGetValue(entry.ResponseId, out Entry? current) && ReferenceEquals(current, entry))
        {
            _answers.Remove(entry.ResponseId);
        }
    }

    private sealed class Entry(string responseId, long addedAt)
    {
        public string ResponseId => responseId;

        public long AddedAt => addedAt;

        public UsageContext? Context { get; set; }
    }
}
