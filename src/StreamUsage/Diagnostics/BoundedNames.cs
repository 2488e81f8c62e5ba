using System.Collections.Concurrent;

namespace StreamUsage.Diagnostics;

/// <summary>Limits the values of a metric's attribute: providers, models, fields and tags are external, and each value
/// is a time series. Values over the limit share one. Thread-safe.</summary>
internal sealed class BoundedNames(int maxNames = BoundedNames.MaxNames)
{
    /// <summary>The shared value.</summary>
    public const string Other = "other";

    public const int MaxNames = 1000;

    private const int MaxLength = 256;

    private readonly ConcurrentDictionary<string, bool> _names = new(StringComparer.Ordinal);
    private int _count; // The dictionary's own count takes all of its locks.

    /// <summary>Returns the value to report a name by.</summary>
    public string Get(string name) => Get(name, out _);

    /// <summary>Returns the value to report a name by.</summary>
    /// <param name="name">The name.</param>
    /// <param name="isNew">Whether the value is returned for the first time.</param>
    public string Get(string name, out bool isNew)
    {
        isNew = false;
        if (_names.ContainsKey(name))
        {
            return name;
        }

        lock (_names)
        {
            bool isKept = _names.ContainsKey(name) || (name.Length <= MaxLength && _count < maxNames);
            string value = isKept ? name : Other;
            isNew = _names.TryAdd(value, true);
            _count += isNew ? 1 : 0;
            return value;
        }
    }
}
