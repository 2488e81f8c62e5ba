using Microsoft.Extensions.Logging;
using StreamUsage.Decompression;

namespace StreamUsage.Diagnostics;

/// <summary>Everything that is logged. Event ids are stable; no message holds a header's value, a body's text or an error's words.</summary>
internal static partial class Log
{
    private const string Summary =
        "Response {RequestId} {Status} ({Outcome}, {StatusCode}) after {DurationMilliseconds} ms: input {InputTokens}, cache read {CacheReadInputTokens}, " +
        "cache creation {CacheCreationInputTokens} ({InputSource}), output {OutputTokens} ({OutputSource}), cost {Cost}; {Model}, {Wire}, record {RecordId}";

    public static void ResponseRecorded(ILogger logger, UsageRecord record)
    {
        if (record.Status is UsageStatus.Failed)
        {
            ResponseFailed(
                logger, record.Context.RequestId, record.Status, record.Outcome, record.StatusCode, (long)record.Duration.TotalMilliseconds, record.Usage.InputTokens, record.Usage.CacheReadInputTokens,
                record.Usage.CacheCreationInputTokens, record.InputSource, record.Usage.OutputTokens, record.OutputSource, record.Cost?.Total ?? record.ReportedCost, record.ResponseModel, record.Wire, record.Id);
        }
        else
        {
            ResponseCompleted(
                logger, record.Context.RequestId, record.Status, record.Outcome, record.StatusCode, (long)record.Duration.TotalMilliseconds, record.Usage.InputTokens, record.Usage.CacheReadInputTokens,
                record.Usage.CacheCreationInputTokens, record.InputSource, record.Usage.OutputTokens, record.OutputSource, record.Cost?.Total ?? record.ReportedCost, record.ResponseModel, record.Wire, record.Id);
        }
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = Summary)]
    private static partial void ResponseCompleted(
        ILogger logger, string? requestId, UsageStatus status, StreamOutcome outcome, int statusCode, long durationMilliseconds, long inputTokens, long cacheReadInputTokens,
        long cacheCreationInputTokens, TokenSource inputSource, long outputTokens, TokenSource outputSource, decimal? cost, string? model, string? wire, Guid recordId);

    [LoggerMessage(EventId = 2, Level = LogLevel.Warning, Message = Summary)]
    private static partial void ResponseFailed(
        ILogger logger, string? requestId, UsageStatus status, StreamOutcome outcome, int statusCode, long durationMilliseconds, long inputTokens, long cacheReadInputTokens,
        long cacheCreationInputTokens, TokenSource inputSource, long outputTokens, TokenSource outputSource, decimal? cost, string? model, string? wire, Guid recordId);

    [LoggerMessage(EventId = 3, Level = LogLevel.Error, Message = "The sink did not take record {RecordId} of response {RequestId}: {FaultType}")]
    public static partial void SinkFailed(ILogger logger, Guid recordId, string? requestId, string faultType);

    [LoggerMessage(EventId = 4, Level = LogLevel.Warning, Message = "The sink failed to take the start of record {RecordId}: {FaultType}")]
    public static partial void SinkStartFailed(ILogger logger, Guid recordId, string faultType);

    [LoggerMessage(EventId = 5, Level = LogLevel.Warning, Message = "{SkippedEvents} events of record {RecordId} could not be read as {Wire}: {FaultType}")]
    public static partial void EventsSkipped(ILogger logger, long skippedEvents, Guid recordId, string? wire, string? faultType);

    [LoggerMessage(EventId = 6, Level = LogLevel.Warning, Message = "{IgnoredCounts} token counts of record {RecordId} were ignored: negative, fractional, not a number or absurd")]
    public static partial void CountsIgnored(ILogger logger, int ignoredCounts, Guid recordId);

    [LoggerMessage(EventId = 7, Level = LogLevel.Warning, Message = "Estimator or pricing failed for record {RecordId}: {FaultType}")]
    public static partial void EstimateFailed(ILogger logger, Guid recordId, string faultType);

    [LoggerMessage(EventId = 8, Level = LogLevel.Warning, Message = "Record {RecordId}: the caller said {NamedFormat}, the response speaks {DetectedFormat}")]
    public static partial void FormatCorrected(ILogger logger, Guid recordId, ApiFormat namedFormat, ApiFormat detectedFormat);

    [LoggerMessage(EventId = 20, Level = LogLevel.Warning, Message = "The body of record {RecordId} was not decoded to its end, its Content-Encoding: {ContentFault}")]
    public static partial void ContentNotDecoded(ILogger logger, Guid recordId, ContentFault contentFault);
}
