using Microsoft.Extensions.Logging;

namespace StreamUsage.Sqlite.Outbox;

/// <summary>Writes to a logger, whose faults end here.</summary>
internal sealed class OutboxLogger(ILogger? logger)
{
    public void Write(Action<ILogger> write)
    {
        try
        {
            if (logger is not null)
            {
                write(logger);
            }
        }
        catch (Exception)
        {
            // There is nobody left to report to.
        }
    }
}
