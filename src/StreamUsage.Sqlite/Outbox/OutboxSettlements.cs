using System.Collections.Concurrent;

namespace StreamUsage.Sqlite.Outbox;

/// <summary>Collects settlements of rows. They are written with the next transaction that works.</summary>
internal sealed class OutboxSettlements
{
    // More can gather only while the disk does not work and records are delivered directly.
    private const int Max = 100_000;

    private readonly ConcurrentDictionary<string, bool> _settlements = new(); // Whether the row is kept as failed.

    public bool IsEmpty => _settlements.IsEmpty;

    /// <summary>Gets whether too many settlements wait to add one of a record that may have no row.</summary>
    public bool IsFull => _settlements.Count >= Max;

    /// <summary>Settles a row: removes it, or keeps it as failed.</summary>
    public void Add(string id, bool isFailed) => _settlements[id] = isFailed;

    /// <summary>Writes the settlements. Pass the result to <see cref="Forget"/> when the transaction was
    /// committed.</summary>
    public KeyValuePair<string, bool>[] Write(OutboxFile file, DateTimeOffset now)
    {
        KeyValuePair<string, bool>[] settlements = _settlements.ToArray(); // Locks. A spread would throw if others add.
        foreach ((string id, bool isFailed) in settlements)
        {
            if (isFailed)
            {
                file.Fail(id, now);
            }
            else
            {
                file.Remove(id);
            }
        }

        return settlements;
    }

    public void Forget(KeyValuePair<string, bool>[] settlements)
    {
        foreach (KeyValuePair<string, bool> settlement in settlements)
        {
            _settlements.TryRemove(settlement);
        }
    }
}
