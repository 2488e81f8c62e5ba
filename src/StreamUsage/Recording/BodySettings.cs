using StreamUsage.Buffers;
using StreamUsage.Diagnostics;
using StreamUsage.Framing;
using StreamUsage.Framing.Encodings;

namespace StreamUsage.Recording;

/// <summary>Represents what the tracked bodies of one tracker share.</summary>
internal sealed record BodySettings(RecordSettings Options, ReaderSettings Reading, ContentDecoders Decoders, RecordDispatcher Records)
{
    public TimeProvider Time { get; init; } = TimeProvider.System;

    public IReadOnlyList<IUsageSink> Sinks { get; init; } = [];

    /// <summary>Gets the metrics that may measure the times between chunks; null for none.</summary>
    public GenAIMetrics? Metrics { get; init; }

    /// <summary>Gets whether responses are described on their callers' activities.</summary>
    public bool TagsCallers { get; init; }

    public BufferBudget? Budget => Reading.Budget;

    /// <summary>Returns whether all sinks of <paramref name="other"/> are also sinks of these settings.</summary>
    public bool HasSinksOf(BodySettings other) => other.Sinks.All(sink => Sinks.Contains(sink));
}
