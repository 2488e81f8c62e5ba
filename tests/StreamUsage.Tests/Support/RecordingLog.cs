using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using StreamUsage.Diagnostics;

namespace StreamUsage.Tests.Support;

/// <summary>A logger factory that keeps what is logged: level, id, text and fields.</summary>
internal sealed class RecordingLog : ILoggerFactory, ILogger
{
    public ConcurrentQueue<Line> Lines { get; } = new();

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public bool IsEnabled(LogLevel logLevel) => true;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue(new Line(logLevel,
            eventId.Id, formatter(state, exception), ((IEnumerable<KeyValuePair<string, object?>>)state!).ToDictionary(), exception));

    public void Dispose()
    {
    }

    public sealed record Line(LogLevel Level, int EventId, string Text, Dictionary<string, object?> Fields, Exception? Exception);
}
