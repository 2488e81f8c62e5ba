using System.Diagnostics.Metrics;

namespace StreamUsage.Diagnostics;

/// <summary>Represents the gauge of a watched price table's age.</summary>
internal sealed class PriceTableGauge : IDisposable
{
    private readonly Meter? _own;
    private Func<TimeSpan?>? _age;

    /// <param name="factory">Creates the meter; null for one of the gauge's own.</param>
    /// <param name="table">The name of the table's file.</param>
    /// <param name="age">Returns the age; null before a table was read.</param>
    public PriceTableGauge(IMeterFactory? factory, string table, Func<TimeSpan?> age)
    {
        _age = age;
        var tag = new KeyValuePair<string, object?>("table", table);
        Meter meter = factory?.Create(new MeterOptions(UsageMeter.Name)) ?? (_own = new Meter(UsageMeter.Name));
        meter.CreateObservableGauge<double>(
            "streamusage.price_table.age",
            () => _age?.Invoke() is { } measured ? [new Measurement<double>(measured.TotalSeconds, tag)] : [],
            "s",
            "The time since the price table in use was written, by file.");
    }

    public void Dispose()
    {
        _age = null;
        _own?.Dispose();
    }
}
