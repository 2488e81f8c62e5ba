using Microsoft.Extensions.Logging;
using StreamUsage.Framing.Encodings;

namespace StreamUsage.Diagnostics;

/// <summary>Everything that is logged. Event ids are stable; no message holds a header's value, a body's text or an error's words.</summary>
internal static partial class Log
{
    private const string Summary =
        "Response {RequestId} {Status} ({Outcome}, {StatusCode}) after {DurationMilliseconds} ms: input {InputTokens}, cache read {CacheReadInputTokens}, " +
        "cache creation {CacheCreationInputTokens} ({InputSource}), output {OutputTokens} ({OutputSource}), cost {Cost}, reported cost {ReportedCost}; {Model}, {Protocol}, record {RecordId}";

    public static void ResponseRecorded(ILogger logger, UsageRecord record)
    {
        decimal? cost = Shown(record.Cost?.Total), reportedCost = Shown(record.ReportedCost);
        if (record.Status is UsageStatus.Failed)
        {
            ResponseFailed(
                logger, record.Context.RequestId, record.Status, record.Outcome, record.StatusCode, (long)record.Duration.TotalMilliseconds, record.Usage.InputTokens, record.Usage.CacheReadInputTokens,
                record.Usage.CacheCreationInputTokens, record.InputSource, record.Usage.OutputTokens, record.OutputSource, cost, reportedCost, record.ResponseModel, record.Protocol, record.Id);
        }
        else
        {
            ResponseCompleted(
                logger, record.Context.RequestId, record.Status, record.Outcome, record.StatusCode, (long)record.Duration.TotalMilliseconds, record.Usage.InputTokens, record.Usage.CacheReadInputTokens,
                record.Usage.CacheCreationInputTokens, record.InputSource, record.Usage.OutputTokens, record.OutputSource, cost, reportedCost, record.ResponseModel, record.Protocol, record.Id);
        }
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = Summary)]
    private static partial void ResponseCompleted(
        ILogger logger, string? requestId, UsageStatus status, StreamOutcome outcome, int statusCode, long durationMilliseconds, long inputTokens, long cacheReadInputTokens,
        long cacheCreationInputTokens, TokenSource inputSource, long outputTokens, TokenSource outputSource, decimal? cost, decimal? reportedCost, string? model, string? protocol, Guid recordId);

    [LoggerMessage(EventId = 2, Level = LogLevel.Warning, Message = Summary)]
    private static partial void ResponseFailed(
        ILogger logger, string? requestId, UsageStatus status, StreamOutcome outcome, int statusCode, long durationMilliseconds, long inputTokens, long cacheReadInputTokens,
        long cacheCreationInputTokens, TokenSource inputSource, long outputTokens, TokenSource outputSource, decimal? cost, decimal? reportedCost, string? model, string? protocol, Guid recordId);

    /// <summary>Returns an amount with 4 decimals from one cent up, and 6 below.</summary>
    private static decimal? Shown(decimal? amount) => amount switch
    {
        null => null,
        >= 0.01m => decimal.Round(amount.Value, 4, MidpointRounding.AwayFromZero) + 0.0000m,
        _ => decimal.Round(amount.Value, 6, MidpointRounding.AwayFromZero) + 0.000000m,
    };

    /// <summary>The last of a record that its sink does not get: all that is needed to book it by hand.</summary>
    public static void RecordDropped(ILogger logger, UsageRecord record, string sink, string reason, int attempts, string? faultType)
    {
        UsageContext context = record.Context;
        TokenUsage billed = record.BilledUsage;
        RecordDropped(
            logger, sink, record.Id, context.RequestId, reason, attempts, faultType, context.AttemptId, context.UserId, context.ApiKeyId, context.Provider, context.ProviderId, context.ProviderEndpointId,
            context.ProviderApiKeyId, record.Protocol, record.ResponseModel ?? context.Model, record.ResponseId, record.Status, record.Outcome, record.StatusCode, record.StartedAt,
            (long)record.Duration.TotalMilliseconds, billed.InputTokens, billed.CacheReadInputTokens, billed.CacheCreationInputTokens, billed.CacheCreation1hInputTokens, record.InputSource,
            billed.OutputTokens, record.OutputSource, record.Cost?.Total ?? record.ReportedCost);
    }

    [LoggerMessage(
        EventId = 3,
        Level = LogLevel.Error,
        Message = "{Sink} did not get record {RecordId} of response {RequestId} ({Reason}, {Attempts} attempts, {FaultType}); attempt {AttemptId}, user {UserId}, key {ApiKeyId}, " +
            "provider {Provider} ({ProviderId}, endpoint {ProviderEndpointId}, key {ProviderApiKeyId}), {Protocol}, {Model}, response {ResponseId}; {Status} ({Outcome}, {StatusCode}), began {StartedAt}, " +
            "{DurationMilliseconds} ms; input {InputTokens}, cache read {CacheReadInputTokens}, cache creation {CacheCreationInputTokens} ({CacheCreation1hInputTokens} for an hour) ({InputSource}), " +
            "output {OutputTokens} ({OutputSource}), cost {Cost}")]
    private static partial void RecordDropped(
        ILogger logger, string sink, Guid recordId, string? requestId, string reason, int attempts, string? faultType, string? attemptId, string? userId, string? apiKeyId, string? provider,
        string? providerId, string? providerEndpointId, string? providerApiKeyId, string? protocol, string? model, string? responseId, UsageStatus status, StreamOutcome outcome, int statusCode,
        DateTimeOffset startedAt, long durationMilliseconds, long inputTokens, long cacheReadInputTokens, long cacheCreationInputTokens, long cacheCreation1hInputTokens, TokenSource inputSource,
        long outputTokens, TokenSource outputSource, decimal? cost);

    [LoggerMessage(EventId = 4, Level = LogLevel.Warning, Message = "{Sink} failed to take the start of record {RecordId}: {FaultType}")]
    public static partial void SinkStartFailed(ILogger logger, string sink, Guid recordId, string faultType);

    [LoggerMessage(EventId = 5, Level = LogLevel.Warning, Message = "{SkippedEvents} events of record {RecordId} could not be read as {Protocol}: {FaultType}")]
    public static partial void EventsSkipped(ILogger logger, long skippedEvents, Guid recordId, string? protocol, string? faultType);

    [LoggerMessage(EventId = 6, Level = LogLevel.Warning, Message = "{IgnoredCounts} token counts of record {RecordId} were ignored: negative, fractional, not a number or absurd")]
    public static partial void CountsIgnored(ILogger logger, int ignoredCounts, Guid recordId);

    [LoggerMessage(EventId = 7, Level = LogLevel.Warning, Message = "Estimator or pricing failed for record {RecordId}: {FaultType}")]
    public static partial void EstimateFailed(ILogger logger, Guid recordId, string faultType);

    [LoggerMessage(EventId = 8, Level = LogLevel.Warning, Message = "Record {RecordId}: the caller said {NamedFormat}, the response speaks {DetectedFormat}")]
    public static partial void FormatCorrected(ILogger logger, Guid recordId, ApiFormat namedFormat, ApiFormat detectedFormat);

    [LoggerMessage(EventId = 9, Level = LogLevel.Warning, Message = "OnDeliveryFailed failed for record {RecordId}: {FaultType}")]
    public static partial void CallbackFailed(ILogger logger, Guid recordId, string faultType);

    [LoggerMessage(EventId = 10, Level = LogLevel.Warning, Message = "{Sink} takes nothing at present: {FaultType}; its records wait in their queue")]
    public static partial void SinkDown(ILogger logger, string sink, string faultType);

    [LoggerMessage(EventId = 11, Level = LogLevel.Information, Message = "{Sink} takes records again")]
    public static partial void SinkBack(ILogger logger, string sink);

    [LoggerMessage(EventId = 12, Level = LogLevel.Warning, Message = "Shutting down: {Responses} responses that were still being read are recorded as interrupted")]
    public static partial void ShutDown(ILogger logger, int responses);

    [LoggerMessage(EventId = 13, Level = LogLevel.Warning, Message = "Shutting down: there was no time to give {Records} records that {Sink} did not get to OnDeliveryFailed")]
    public static partial void CallbacksMissed(ILogger logger, string sink, int records);

    [LoggerMessage(EventId = 20, Level = LogLevel.Warning, Message = "The body of record {RecordId} was not decoded to its end, its Content-Encoding: {ContentFault}")]
    public static partial void ContentNotDecoded(ILogger logger, Guid recordId, ContentFault contentFault);

    [LoggerMessage(EventId = 30, Level = LogLevel.Warning, Message = "Records of model {Model} at provider {Provider} are not priced: {UnpricedReason}. Further ones are only counted")]
    public static partial void ModelNotPriced(ILogger logger, string? model, string? provider, string unpricedReason);
}
