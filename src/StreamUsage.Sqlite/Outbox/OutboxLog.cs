using Microsoft.Extensions.Logging;

namespace StreamUsage.Sqlite.Outbox;

/// <summary>Writes the outbox's log messages. Event ids are stable.</summary>
internal static partial class OutboxLog
{
    [LoggerMessage(EventId = 50, Level = LogLevel.Error,
        Message = "The outbox {Path} cannot be used; records are delivered directly until it can")]
    public static partial void Unusable(ILogger logger, string path, Exception fault);

    [LoggerMessage(EventId = 51, Level = LogLevel.Information, Message = "The outbox {Path} can be used")]
    public static partial void Usable(ILogger logger, string path);

    [LoggerMessage(EventId = 52, Level = LogLevel.Error,
        Message = "The outbox {Path} was damaged and is now {Aside}; {Rows} records of it were saved")]
    public static partial void Damaged(ILogger logger, string path, string aside, int rows, Exception fault);

    [LoggerMessage(EventId = 53, Level = LogLevel.Information, Message = "{Rows} records of an ended process were taken over from {Path}")]
    public static partial void Adopted(ILogger logger, int rows, string path);

    [LoggerMessage(EventId = 54, Level = LogLevel.Warning, Message = "The outbox {Path} of an ended process could not be taken over")]
    public static partial void NotAdopted(ILogger logger, string path, Exception fault);

    [LoggerMessage(EventId = 55, Level = LogLevel.Error,
        Message = "Record {RecordId} in the outbox {Path} cannot be read; it is kept as failed")]
    public static partial void Unreadable(ILogger logger, string recordId, string path, Exception fault);
}
