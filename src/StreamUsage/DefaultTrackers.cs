using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;

namespace StreamUsage;

/// <summary>Holds the default trackers of sinks. They live as long as their sinks, and are stopped when the process
/// exits.</summary>
internal static class DefaultTrackers
{
    private static readonly TimeSpan TimeToStop = TimeSpan.FromSeconds(5);
    private static readonly ConditionalWeakTable<IUsageSink, UsageTracker> Trackers = CreateTable();

    public static UsageTracker Get(IUsageSink sink) =>
        Trackers.GetValue(sink, static s => new UsageTracker(s, null, new TraceLoggerFactory()));

    private static ConditionalWeakTable<IUsageSink, UsageTracker> CreateTable()
    {
        AppDomain.CurrentDomain.ProcessExit += static (_, _) => StopAll();
        return new ConditionalWeakTable<IUsageSink, UsageTracker>();
    }

    // The exiting process has no time to wait for open responses.
    private static void StopAll() =>
        Task.WhenAll(Trackers.Select(static entry => entry.Value.StopAsync(new CancellationToken(canceled: true)))).Wait(TimeToStop);

    /// <summary>Writes errors to <see cref="System.Diagnostics.Trace"/>, since there is no logger.</summary>
    private sealed class TraceLoggerFactory : ILoggerFactory, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public void Dispose()
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                Trace.TraceError($"StreamUsage: {formatter(state, exception)}{(exception is null ? "" : Environment.NewLine + exception)}");
            }
        }
    }
}
