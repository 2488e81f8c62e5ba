using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace StreamUsage.Tests.Support;

/// <summary>A meter factory with a listener to its own meter alone.</summary>
internal sealed class Meters : IMeterFactory
{
    private readonly Meter _meter;
    private readonly MeterListener _listener = new();

    public Meters(bool isOn = true)
    {
        _meter = new Meter(new MeterOptions("StreamUsage") { Scope = this });
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter == _meter)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        if (isOn)
        {
            Start();
        }
    }

    /// <summary>What a measurement waits for.</summary>
    public Action? Before { get; init; }

    public ConcurrentQueue<Measured> Measurements { get; } = new();

    public double Sum(string name, string tag) => Measurements.Where(m => m.Name == name && m.Tags.Contains(tag)).Sum(m => m.Value);

    public IEnumerable<(string Tags, double Value)> Sums(string name) =>
        Measurements.Where(m => m.Name == name).GroupBy(m => m.Tags, (tags, all) => (tags, all.Sum(m => m.Value)));

    public double Last(string name) => Measurements.Last(m => m.Name == name).Value;

    public void Start() => _listener.Start();

    /// <summary>Asks what is only known when it is asked for.</summary>
    public void Observe() => _listener.RecordObservableInstruments();

    public Meter Create(MeterOptions options) => _meter;

    public void Dispose()
    {
        _listener.Dispose();
        _meter.Dispose();
    }

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        Before?.Invoke();
        Measurements.Enqueue(new Measured(instrument.Name, value, string.Join(',', tags.ToArray().Select(tag => tag.Value))));
    }

    public sealed record Measured(string Name, double Value, string Tags);
}
