using StreamUsage.Accounting;

namespace StreamUsage.Parsing.UsageObjects;

/// <summary>Collects amounts billed in other units than tokens: <see cref="UsageRecord.BilledUnits"/>.</summary>
internal static class UnitsByName
{
    private const int MaxUnits = 64;
    private const int MaxNameLength = 64;

    /// <summary>Returns the state with an amount, which replaces an earlier one of the unit. Ignores null and 0, names
    /// over 64 characters, and further units after 64. Servers report few units, so the copy is small.</summary>
    public static UsageAccumulator With(in UsageAccumulator state, string unit, decimal? amount)
    {
        if (amount is not { } billed || billed == 0 || unit.Length > MaxNameLength)
        {
            return state;
        }

        IReadOnlyDictionary<string, decimal> units = state.BilledUnits;
        bool isKnown = units.TryGetValue(unit, out decimal known);
        if (isKnown ? known == billed : units.Count >= MaxUnits)
        {
            return state;
        }

        return state with { BilledUnits = new Dictionary<string, decimal>(units) { [unit] = billed } };
    }
}
