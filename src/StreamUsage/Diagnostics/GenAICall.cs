using System.Globalization;

namespace StreamUsage.Diagnostics;

/// <summary>Represents a tracked response as OpenTelemetry's GenAI conventions see it.</summary>
/// <param name="Record">The record of the response.</param>
internal readonly record struct GenAICall(UsageRecord Record)
{
    /// <summary>Gets where the request went; null if unknown.</summary>
    public Uri? RequestUri { get; init; }

    /// <summary>Gets whether the request fetched a stored response. Its tokens belong to the request that produced
    /// it.</summary>
    public bool IsFetch { get; init; }

    /// <summary>Gets the time from the request to the first event; null if none came.</summary>
    public TimeSpan? TimeToFirstChunk { get; init; }

    /// <summary>Gets the times between events; null if no listener measures them.</summary>
    public ChunkGaps? Chunks { get; init; }

    public string Operation => IsFetch ? "fetch_response" : Record.Operation;

    public string Provider => GenAIProviders.Of(Record, RequestUri?.Host);

    public string? Model => Record.ResponseModel ?? Record.Context.Model;

    /// <summary>Gets whether the response used tokens of its own. An accepted background response has none
    /// yet.</summary>
    public bool HasTokens => !IsFetch && Record.Status != UsageStatus.Pending;

    /// <summary>Gets the kind of error, else the status code; null unless the response failed.</summary>
    public string? ErrorType => Record.Status != UsageStatus.Failed ? null
        : Record.ErrorType ?? Record.StatusCode.ToString(CultureInfo.InvariantCulture);
}
