using Microsoft.Extensions.Logging;

namespace StreamUsage.Diagnostics;

/// <summary>Writes the log messages of the category "StreamUsage". Event ids are stable. External names are escaped and
/// cut; no message holds the value of a header, the text of a body or the message of a provider.</summary>
internal static partial class Log
{
    private static readonly EventId Recorded = new(1, "ResponseRecorded");
    private static readonly EventId RecordedFailure = new(2, "ResponseFailed");
    private static readonly EventId Dropped = new(3, "RecordDropped");

    public static void ResponseRecorded(ILogger logger, UsageRecord record)
    {
        bool isWarning = IsWarning(record);
        LogLevel level = isWarning ? LogLevel.Warning : LogLevel.Information;
        if (logger.IsEnabled(level))
        {
            RecordLine.Of(record, record.Usage).Write(logger, level, isWarning ? RecordedFailure : Recorded);
        }
    }

    /// <summary>Logs a record that its sink does not get, with all that is needed to book it by hand. So it has the
    /// billed tokens, not the reported ones.</summary>
    public static void RecordDropped(ILogger logger, UsageRecord record, string sink, string reason, int attempts, Exception? fault)
    {
        UsageContext context = record.Context;
        RecordLine.Of(record, record.BilledUsage)
            .Add("CacheCreation1hInputTokens", record.BilledUsage.CacheCreation1hInputTokens, "{0} of the cache creation for an hour")
            .Add("StartedAt", record.StartedAt, "started {0}")
            .Add("UserId", context.UserId, "user {0}")
            .Add("AttemptId", context.AttemptId, "attempt {0}")
            .Add("ProviderId", context.ProviderId, "provider id {0}")
            .Add("ProviderEndpointId", context.ProviderEndpointId, "endpoint {0}")
            .Add("ProviderApiKeyId", context.ProviderApiKeyId, "provider key {0}")
            .Add("ResponseId", record.ResponseId, "response id {0}")
            .Add("Sink", sink, "not delivered to {0}", ": ")
            .Add("Reason", reason, "({0},", " ")
            .Add("Attempts", attempts, "{0} attempts)", " ")
            .Add("FaultType", fault?.GetType().Name, "{0}")
            .Write(logger, LogLevel.Error, Dropped, fault);
    }

    [LoggerMessage(EventId = 4, Level = LogLevel.Warning, Message = "{Sink} failed to take the start of record {RecordId}")]
    public static partial void SinkStartFailed(ILogger logger, string sink, Guid recordId, Exception fault);

    [LoggerMessage(EventId = 5, Level = LogLevel.Warning,
        Message = "{SkippedEvents} events of record {RecordId} could not be read as {Protocol}: {FaultType}")]
    public static partial void EventsSkipped(ILogger logger, long skippedEvents, Guid recordId, string? protocol, string? faultType);

    [LoggerMessage(EventId = 6, Level = LogLevel.Warning,
        Message = "{IgnoredCounts} token counts of record {RecordId} were ignored: negative, fractional, not a number or absurd")]
    public static partial void CountsIgnored(ILogger logger, int ignoredCounts, Guid recordId);

    [LoggerMessage(EventId = 7, Level = LogLevel.Warning, Message = "The estimator or the pricing failed for record {RecordId}")]
    public static partial void EstimateFailed(ILogger logger, Guid recordId, Exception fault);

    [LoggerMessage(EventId = 8, Level = LogLevel.Warning,
        Message = "Record {RecordId}: the caller named {NamedFormat}, the response is {DetectedFormat}")]
    public static partial void FormatCorrected(ILogger logger, Guid recordId, string? namedFormat, string? detectedFormat);

    [LoggerMessage(EventId = 9, Level = LogLevel.Warning, Message = "OnDeliveryFailed failed for record {RecordId}")]
    public static partial void CallbackFailed(ILogger logger, Guid recordId, Exception fault);

    [LoggerMessage(EventId = 10, Level = LogLevel.Warning, Message = "{Sink} failed; its records are retried")]
    public static partial void SinkFailed(ILogger logger, string sink, Exception fault);

    [LoggerMessage(EventId = 11, Level = LogLevel.Information, Message = "{Sink} accepts records again")]
    public static partial void SinkBack(ILogger logger, string sink);

    [LoggerMessage(EventId = 12, Level = LogLevel.Warning,
        Message = "Shutdown: {Responses} responses that were still being read are recorded as interrupted")]
    public static partial void ShutDown(ILogger logger, int responses);

    [LoggerMessage(EventId = 13, Level = LogLevel.Warning,
        Message = "Shutdown: there was no time to pass {Records} undelivered records to OnDeliveryFailed")]
    public static partial void CallbacksMissed(ILogger logger, int records);

    [LoggerMessage(
        EventId = 14,
        Level = LogLevel.Warning,
        Message = "Two trackers with the same sink tracked one response: record {RecordId} stays the only one; logged once a tracker")]
    public static partial void TrackedTwice(ILogger logger, Guid recordId);

    [LoggerMessage(EventId = 15, Level = LogLevel.Error, Message = "Record {RecordId} could not be built; it is recorded as failed")]
    public static partial void RecordFailed(ILogger logger, Guid recordId, Exception fault);

    [LoggerMessage(
        EventId = 16,
        Level = LogLevel.Warning,
        Message = "A response of {Host} was tracked without a context, so its record names no user; logged once a tracker")]
    public static partial void NoContext(ILogger logger, string? host);

    [LoggerMessage(EventId = 17, Level = LogLevel.Warning,
        Message = "The shared memory of pending answers failed: an answer is kept in this process, or is not billed yet")]
    public static partial void PendingAnswersFailed(ILogger logger, Exception fault);

    [LoggerMessage(EventId = 20, Level = LogLevel.Warning,
        Message = "The body of record {RecordId} was not decoded to its end, its Content-Encoding: {ContentFault}")]
    public static partial void ContentNotDecoded(ILogger logger, Guid recordId, string contentFault);

    [LoggerMessage(EventId = 21, Level = LogLevel.Warning,
        Message = "A usage object of {Protocol} ({Model}) holds the unknown field {Field}; first seen in record {RecordId}")]
    public static partial void UnknownUsageField(ILogger logger, string field, string? protocol, string? model, Guid recordId);

    [LoggerMessage(
        EventId = 30,
        Level = LogLevel.Warning,
        Message = "Records of model {Model} at provider {Provider} are not priced: {UnpricedReason}. Further ones are only counted")]
    public static partial void ModelNotPriced(ILogger logger, string? model, string? provider, string unpricedReason);

    // Client errors, rate limits and clients that left are normal; a failed server is not.
    private static bool IsWarning(UsageRecord record) =>
        record.Status == UsageStatus.Failed && !(record.Outcome == StreamOutcome.ProviderError && record.StatusCode is >= 400 and < 500);
}
