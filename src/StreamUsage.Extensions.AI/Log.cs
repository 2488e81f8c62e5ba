using Microsoft.Extensions.Logging;

namespace StreamUsage.Extensions.AI;

internal static partial class Log
{
    [LoggerMessage(EventId = 40, Level = LogLevel.Warning, Message = "{Callback} failed; the call is recorded without its context")]
    public static partial void ContextFailed(ILogger logger, string callback, Exception fault);

    [LoggerMessage(
        EventId = 41,
        Level = LogLevel.Warning,
        Message = "A response of {Model} could not be read in full; its record may be incomplete")]
    public static partial void AnswerNotRead(ILogger logger, string? model, Exception fault);
}
