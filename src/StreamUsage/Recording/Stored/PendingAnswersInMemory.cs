namespace StreamUsage.Recording.Stored;

/// <summary>Keeps pending answers in memory: the latest ones, for a limited time. Thread-safe.</summary>
internal sealed class PendingAnswersInMemory(TimeProvider time) : IPendingAnswers
{
    public const int MaxAnswers = 10_000;

    public static readonly TimeSpan MaxAge = TimeSpan.FromHours(24);

    private readonly object _gate = new();
    private readonly Dictionary<string, LinkedListNode<Entry>> _answers = new(StringComparer.Ordinal);
    private readonly LinkedList<Entry> _byAge = new();

    /// <summary>Gets the number of answers, for tests.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _byAge.Count;
            }
        }
    }

    public bool Contains(string responseId)
    {
        lock (_gate)
        {
            RemoveOld();
            return _answers.ContainsKey(responseId);
        }
    }

    public ValueTask AddAsync(string responseId, UsageContext context, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            Remove(responseId);
            RemoveOld();
            if (_byAge.Count == MaxAnswers)
            {
                Remove(_byAge.First!.Value.ResponseId);
            }

            _answers[responseId] = _byAge.AddLast(new Entry(responseId, context, time.GetTimestamp()));
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<UsageContext?> TryClaimAsync(string responseId, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            RemoveOld();
            return new ValueTask<UsageContext?>(Remove(responseId));
        }
    }

    private void RemoveOld()
    {
        while (_byAge.First is { Value: var oldest } && time.GetElapsedTime(oldest.AddedAt) > MaxAge)
        {
            Remove(oldest.ResponseId);
        }
    }

    private UsageContext? Remove(string responseId)
    {
        if (!_answers.Remove(responseId, out LinkedListNode<Entry>? node))
        {
            return null;
        }

        _byAge.Remove(node);
        return node.Value.Context;
    }

    private sealed record Entry(string ResponseId, UsageContext Context, long AddedAt);
}
