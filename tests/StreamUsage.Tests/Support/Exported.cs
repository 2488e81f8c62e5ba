using System.Collections.ObjectModel;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace StreamUsage.Tests.Support;

/// <summary>OpenTelemetry's SDK with exporters to memory. A tracker with these meters is told from all others by their
/// version.</summary>
internal sealed class Exported : IMeterFactory
{
    private readonly string _version = Guid.NewGuid().ToString();
    private readonly Meter _meter;
    private readonly List<MetricSnapshot> _metrics = [];
    private readonly SpanList _spans = new();
    private readonly MeterProvider _meters;
    private readonly TracerProvider _tracers;

    public Exported(params string[] others)
    {
        _meter = new Meter(new MeterOptions("StreamUsage") { Version = _version });
        string[] names = ["StreamUsage", .. others];
        _meters = Sdk.CreateMeterProviderBuilder().AddMeter(names).AddInMemoryExporter(_metrics).Build();
        _tracers = Sdk.CreateTracerProviderBuilder().AddSource(names).AddInMemoryExporter(_spans).Build();
    }

    /// <summary>The caller's activity, whose trace the spans are selected by.</summary>
    public Activity Caller { get; } =
        new Activity("caller") { ActivityTraceFlags = ActivityTraceFlags.Recorded }.SetIdFormat(ActivityIdFormat.W3C);

    public Meter Create(MeterOptions options) => _meter;

    /// <summary>The spans of the caller's trace, in the order in which they ended.</summary>
    public IReadOnlyList<Activity> Spans
    {
        get
        {
            _tracers.ForceFlush();
            return [.. _spans.ToArray().Where(span => span.TraceId == Caller.TraceId)];
        }
    }

    public Activity Span => Spans.Single(span => span.Kind == ActivityKind.Client);

    /// <summary>The metrics of these meters.</summary>
    public IReadOnlyList<MetricSnapshot> Collect() => CollectBeside("").Own;

    /// <summary>The metrics of these meters and of another one, at one time: those of a disposed meter are exported
    /// once.</summary>
    public (IReadOnlyList<MetricSnapshot> Own, IReadOnlyList<MetricSnapshot> Other) CollectBeside(string meter)
    {
        _metrics.Clear();
        _meters.ForceFlush();
        return ([.. _metrics.Where(metric => metric.MeterVersion == _version)], [.. _metrics.Where(metric => metric.MeterName == meter)]);
    }

    public MetricSnapshot Find(string name) => Collect().Single(metric => metric.Name == name);

    public IReadOnlyList<string> Names => [.. Collect().Select(metric => metric.Name)];

    public static double Sum(MetricSnapshot metric, params (string Name, object Value)[] attributes) => Points(metric)
        .Where(point => attributes.All(wanted => Equals(Attributes(point).GetValueOrDefault(wanted.Name), wanted.Value)))
        .Sum(point => Value(metric, point));

    public static IReadOnlyList<MetricPoint> Points(MetricSnapshot metric) => [.. metric.MetricPoints];

    public static Dictionary<string, object?> Attributes(MetricPoint point)
    {
        var attributes = new Dictionary<string, object?>();
        foreach (KeyValuePair<string, object?> tag in point.Tags)
        {
            attributes.Add(tag.Key, tag.Value);
        }

        return attributes;
    }

    public static IReadOnlyList<double> Boundaries(MetricSnapshot metric)
    {
        var bounds = new List<double>();
        foreach (HistogramBucket bucket in Points(metric)[0].GetHistogramBuckets())
        {
            bounds.Add(bucket.ExplicitBound);
        }

        return bounds[..^1]; // The last one is infinite.
    }

    public void Dispose()
    {
        _meters.Dispose();
        _tracers.Dispose();
        _meter.Dispose();
        Caller.Dispose();
    }

    /// <summary>The exporter adds the spans of tests that run side by side, from their threads.</summary>
    private sealed class SpanList : Collection<Activity>
    {
        public Activity[] ToArray()
        {
            lock (Items)
            {
                return [.. Items];
            }
        }

        protected override void InsertItem(int index, Activity item)
        {
            lock (Items)
            {
                base.InsertItem(Items.Count, item);
            }
        }
    }

    private static double Value(MetricSnapshot metric, MetricPoint point) => metric.MetricType switch
    {
        MetricType.LongSum => point.GetSumLong(),
        MetricType.DoubleSum => point.GetSumDouble(),
        MetricType.Histogram => point.GetHistogramSum(),
        _ => throw new NotSupportedException(metric.MetricType.ToString()),
    };
}
