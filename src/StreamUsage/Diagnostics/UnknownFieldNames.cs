namespace StreamUsage.Diagnostics;

/// <summary>The names of unknown usage fields that a tracker has seen. Bounded: further ones share one name.
/// Thread-safe.</summary>
internal sealed class UnknownFieldNames
{
    /// <summary>What all names past the bound are called.</summary>
    public const string Other = "other";

    private const int MaxNames = 256;

    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    /// <summary>Returns the name to report a field by.</summary>
    /// <param name="name">The field's name.</param>
    /// <param name="isNew">Whether it is seen for the first time.</param>
    public string Get(string name, out bool isNew)
    {
        lock (_names)
        {
            if (_names.Contains(name))
            {
                isNew = false;
                return name;
            }

            string reported = _names.Count < MaxNames ? name : Other;
            isNew = _names.Add(reported);
            return reported;
        }
    }
}
