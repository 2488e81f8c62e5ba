using StreamUsage.Accounting;

namespace StreamUsage.Parsing.UsageObjects;

/// <summary>Collects amounts billed in other units than tokens: <see cref="UsageRecord.BilledUnits"/>.</summary>
internal static class UnitsByName
{
    private const int MaxUnits = 64;
    private const int MaxNameLength = 64;

    /// <summary>Returns the state with an amount, which replaces an earlier one of the unit; the same state for
    /// null.</summary>
    public static UsageAccumulator With(in UsageAccumulator state, string unit, decimal? amount)
    {
        IReadOnlyDictionary<string, decimal> units = state.BilledUnits;
        bool isKnown = units.TryGetValue(unit, out decimal known);
        return amount is not { } billed || billed == 0 || unit.Length > MaxNameLength || (isKnown ? known == billed
            : units.Count >= MaxUnits)
            ? state
            : state with { BilledUnits = new Dictionary<string, decimal>(units) { [unit] = billed } };
    }
}
