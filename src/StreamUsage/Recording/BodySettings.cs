using StreamUsage.Buffers;
using StreamUsage.Capture;
using StreamUsage.Framing;
using StreamUsage.Framing.Encodings;
using StreamUsage.Pricing;

namespace StreamUsage.Recording;

/// <summary>What the tracked bodies of one tracker share.</summary>
/// <param name="Reading">What they are read with.</param>
/// <param name="Decoders">The content encodings that are known.</param>
/// <param name="Redaction">What keeps secrets out of captured headers.</param>
/// <param name="Records">Where an ended body becomes a record.</param>
internal sealed record BodySettings(ReaderSettings Reading, ContentDecoders Decoders, HeaderRedaction Redaction, RecordDispatcher Records)
{
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Gets the sinks that the records go to.</summary>
    public IReadOnlyList<IUsageSink> Sinks { get; init; } = [];

    public CapturedContent Capture { get; init; }

    public long MaxCapturedBytes { get; init; }

    public bool CapturesRequestBody => (Capture & CapturedContent.RequestBody) != 0;

    /// <summary>Gets how much of a request's body is searched for the model.</summary>
    public int MaxRequestBodyBytes { get; init; }

    /// <summary>Gets what prices a running response; null for nothing.</summary>
    public IUsagePricing? Pricing { get; init; }

    public bool ThrowOnUnreadableStream { get; init; }

    public BufferBudget? Budget => Reading.Budget;

    /// <summary>Returns whether all records of <paramref name="other"/> go to sinks of these too.</summary>
    public bool HasSinksOf(BodySettings other) => other.Sinks.All(sink => Sinks.Contains(sink));
}
