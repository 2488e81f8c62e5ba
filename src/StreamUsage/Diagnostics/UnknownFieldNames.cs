namespace StreamUsage.Diagnostics;

/// <summary>Represents the unknown usage fields of a tracker. Names over the limit share one. Thread-safe.</summary>
internal sealed class UnknownFieldNames
{
    /// <summary>The shared name.</summary>
    public const string Other = "other";

    private const int MaxNames = 256;

    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    /// <summary>Returns the name to report a field by.</summary>
    /// <param name="name">The field's name.</param>
    /// <param name="isNew">Whether the name is seen for the first time.</param>
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
