using System.Collections.Concurrent;

namespace StreamUsage.Sqlite.Outbox;

/// <summary>Represents rows that are to end: they are written with the next transaction that works.</summary>
internal sealed class OutboxEndings
{
    // More can gather only while the disk does not work and records are delivered directly.
    private const int MaxEndings = 100_000;

    private readonly ConcurrentDictionary<string, bool> _endings = new(); // Whether the row is kept as failed.

    public bool IsEmpty => _endings.IsEmpty;

    /// <summary>Removes a row. Returns false if too many endings wait.</summary>
    public bool Remove(string id) => TryAdd(id, isFailed: false);

    /// <summary>Keeps a row as failed, unless too many endings wait.</summary>
    public void Fail(string id) => TryAdd(id, isFailed: true);

    /// <summary>Writes the endings. Pass the result to <see cref="Forget"/> when the transaction was
    /// committed.</summary>
    public KeyValuePair<string, bool>[] Write(OutboxFile file, DateTimeOffset now)
    {
        KeyValuePair<string, bool>[] endings = _endings.ToArray(); // Others add meanwhile: a spread would copy without a lock.
        foreach ((string id, bool isFailed) in endings)
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

        return endings;
    }

    public void Forget(KeyValuePair<string, bool>[] endings)
    {
        foreach (KeyValuePair<string, bool> ending in endings)
        {
            _endings.TryRemove(ending);
        }
    }

    private bool TryAdd(string id, bool isFailed)
    {
        if (_endings.Count >= MaxEndings)
        {
            return false;
        }

        _endings[id] = isFailed;
        return true;
    }
}
