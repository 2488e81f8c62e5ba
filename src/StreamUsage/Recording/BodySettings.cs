using StreamUsage.Buffers;
using StreamUsage.Capture;
using StreamUsage.Diagnostics;
using StreamUsage.Framing;
using StreamUsage.Framing.Encodings;
using StreamUsage.Pricing;

namespace StreamUsage.Recording;

/// <summary>Represents what the tracked bodies of one tracker share.</summary>
internal sealed record BodySettings(ReaderSettings Reading, ContentDecoders Decoders, HeaderRedaction Redaction, RecordDispatcher Records)
{
    public TimeProvider Time { get; init; } = TimeProvider.System;

    public IReadOnlyList<IUsageSink> Sinks { get; init; } = [];

    public CapturedContent Capture { get; init; }

    public long MaxCapturedBytes { get; init; }

    public bool CapturesRequestBody => (Capture & CapturedContent.RequestBody) != 0;

    /// <summary>Gets how many bytes of a request body are searched for the model.</summary>
    public int MaxRequestBodyBytes { get; init; }

    /// <summary>Gets the metrics that may measure the times between chunks; null for none.</summary>
    public GenAIMetrics? Metrics { get; init; }

    /// <summary>Gets whether responses are described on their callers' activities.</summary>
    public bool TagsCallers { get; init; }

    public IUsagePricing? Pricing { get; init; }

    public bool ThrowOnUnreadableStream { get; init; }

    public BufferBudget? Budget => Reading.Budget;

    /// <summary>Returns whether all sinks of <paramref name="other"/> are also sinks of these settings.</summary>
    public bool HasSinksOf(BodySettings other) => other.Sinks.All(sink => Sinks.Contains(sink));
}
