using StreamUsage.Pricing.Reading;

namespace StreamUsage.Pricing.Tables;

/// <summary>Represents a provider and its models in a price table.</summary>
internal sealed class PricedProvider
{
    private readonly Dictionary<string, List<PriceEntry>> _byName = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<(MatchClause Match, PriceEntry Entry)> _rules = [];

    /// <param name="name">The provider's name, lower-case.</param>
    public PricedProvider(string name) => Name = name;

    public string Name { get; }

    /// <summary>Gets the rule for further names of the provider; null if none.</summary>
    public MatchClause? Match { get; init; }

    /// <summary>Gets the names of providers whose models this one serves at their prices.</summary>
    public IReadOnlyList<string> FallBacks { get; init; } = [];

    public void Add(string name, PriceEntry entry)
    {
        if (!_byName.TryGetValue(name, out List<PriceEntry>? entries))
        {
            _byName[name] = entries = [];
        }

        if (!entries.Contains(entry))
        {
            entries.Add(entry);
        }
    }

    public void Add(MatchClause match, PriceEntry entry) => _rules.Add((match, entry));

    /// <summary>Returns the entries of this exact name, else the first whose rule matches; empty if there are
    /// none.</summary>
    public IReadOnlyList<PriceEntry> Find(string model)
    {
        if (_byName.TryGetValue(model, out List<PriceEntry>? entries))
        {
            return entries;
        }

        foreach ((MatchClause match, PriceEntry entry) in _rules)
        {
            if (match.IsMatch(model))
            {
                return [entry];
            }
        }

        return [];
    }
}
