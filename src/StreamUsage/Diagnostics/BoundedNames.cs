using System.Collections.Concurrent;

namespace StreamUsage.Diagnostics;

/// <summary>Limits the values of a metric's attribute: providers, models and tags are external, and each value is a
/// time series. Values over the limit share one. Thread-safe.</summary>
internal sealed class BoundedNames
{
    /// <summary>The shared value.</summary>
    public const string Other = "other";

    public const int MaxNames = 1000;

    private const int MaxLength = 256;

    private readonly ConcurrentDictionary<string, bool> _names = new(StringComparer.Ordinal);
    private readonly object _adding = new();
    private int _count; // The dictionary's own count takes all of its locks.

    /// <summary>Returns the value to report a name by.</summary>
    public string Get(string name) =>
        _names.ContainsKey(name) || (name.Length <= MaxLength && Volatile.Read(ref _count) < MaxNames && Add(name)) ? name : Other;

    // Returns whether the name is one of the first.
    private bool Add(string name)
    {
        lock (_adding)
        {
            if (_count < MaxNames && _names.TryAdd(name, true))
            {
                _count++;
            }

            return _names.ContainsKey(name);
        }
    }
}
