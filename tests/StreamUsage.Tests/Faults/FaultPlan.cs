using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using StreamUsage.Accounting;
using StreamUsage.Estimation;
using StreamUsage.Parsing;
using StreamUsage.Parsing.Anthropic;
using StreamUsage.Pricing;

namespace StreamUsage.Tests.Faults;

/// <summary>The collaborators that can fail.</summary>
public enum Collaborator
{
    None,
    ParserProtocol,
    ParserMatch,
    ParserApply,
    SinkStart,
    SinkRecord,
    Logger,
    Meter,
    EstimatorInput,
    EstimatorOutput,
    Pricing,
}

/// <summary>All that a tracker works with, one of which fails at its k-th call (or from it on): it throws, or hangs
/// until <see cref="LetGo"/>. The others work as they should.</summary>
internal sealed class FaultPlan(Collaborator failing, int step,
    bool hangs, bool forGood) : IUsageSink, ILoggerFactory, ILogger, IMeterFactory, IProtocolParser, ITokenEstimator, IUsagePricing
{
    private readonly ManualResetEventSlim _mayEnd = new();
    private readonly Meter _meter = new(new MeterOptions("StreamUsage") { Scope = new object() });
    private readonly List<UsageRecord> _records = [];
    private readonly List<int> _lines = [];
    private readonly ClaudeParser _parser = new();
    private MeterListener? _listener;
    private int _calls, _faults;

    /// <summary>The time limit of the collaborator, if it hangs. That of the others is far longer.</summary>
    public static TimeSpan Limit { get; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether the sink is what fails.</summary>
    public bool IsOfSink => failing is Collaborator.SinkStart or Collaborator.SinkRecord;

    /// <summary>How often the collaborator has failed.</summary>
    public int Faults => Volatile.Read(ref _faults);

    public IReadOnlyList<UsageRecord> Records => Locked(_records);

    /// <summary>The event ids that were logged.</summary>
    public IReadOnlyList<int> Lines => Locked(_lines);

    string IUsageParser.Protocol => Do(Collaborator.ParserProtocol, () => "anthropic-messages");

    /// <summary>A tracker of these collaborators. Its time limit passes when the test says so.</summary>
    public UsageTracker Tracker(TimeProvider time, bool drainsAndQueues = false)
    {
        _listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter == _meter)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        _listener.SetMeasurementEventCallback<long>((_, _, _, _) => Do(Collaborator.Meter, () => 0));
        _listener.Start();
        var options = new StreamUsageOptions { Estimator = this, Pricing = this, MeterFactory = this, MaxDeliveryAttempts = 1 };
        if (hangs)
        {
            options.SinkTimeout = IsOfSink ? Limit : TimeSpan.FromDays(1);
            options.EstimationTimeout = IsOfSink ? TimeSpan.FromHours(1) : Limit;
        }

        if (drainsAndQueues)
        {
            options.DrainAbortedStreams = new DrainLimits();
            options.Background = new BackgroundDeliveryOptions { MaxBatchDelay = TimeSpan.Zero };
        }

        return new UsageTracker(this, options.AddParser(ApiFormat.Claude, this), this, time);
    }

    /// <summary>Lets go of what hangs.</summary>
    public void LetGo() => _mayEnd.Set();

    public void Dispose()
    {
        LetGo();
        _listener?.Dispose();
        _meter.Dispose();
    }

    ParserMatch IUsageParser.Match(StreamEvent streamEvent)
    {
        Do(Collaborator.ParserMatch, () => 0);
        return ((IUsageParser)_parser).Match(streamEvent);
    }

    UsageAccumulator IProtocolParser.Apply(StreamEvent streamEvent, UsageAccumulator state, IOutputObserver output)
    {
        Do(Collaborator.ParserApply, () => 0);
        return _parser.Apply(streamEvent, state, output);
    }

    ValueTask IUsageSink.StartedAsync(UsageStart start, CancellationToken cancellationToken)
    {
        Do(Collaborator.SinkStart, () => 0);
        return ValueTask.CompletedTask;
    }

    ValueTask IUsageSink.RecordAsync(UsageRecord record, CancellationToken cancellationToken)
    {
        Do(Collaborator.SinkRecord, () => 0);
        lock (_records)
        {
            _records.Add(record);
        }

        return ValueTask.CompletedTask;
    }

    int ITokenEstimator.CountTokens(string? model, ReadOnlySpan<char> text) => 1;

    long ITokenEstimator.EstimateInputTokens(ApiFormat format, string? model, ReadOnlyMemory<byte> requestBody) =>
        Do(Collaborator.EstimatorInput, () => 1000);

    long ITokenEstimator.EstimateOutputTokens(ApiFormat format, string? model, string text, long characters) =>
        Do(Collaborator.EstimatorOutput, () => 2000);

    UsageCost? IUsagePricing.Price(UsageRecord record) => Do(Collaborator.Pricing, () => new UsageCost { Total = 1 });

    ILogger ILoggerFactory.CreateLogger(string categoryName) => this;

    void ILoggerFactory.AddProvider(ILoggerProvider provider)
    {
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        Do(Collaborator.Logger, () => 0);
        lock (_lines)
        {
            _lines.Add(eventId.Id);
        }
    }

    Meter IMeterFactory.Create(MeterOptions options) => _meter;

    private static List<T> Locked<T>(List<T> list)
    {
        lock (list)
        {
            return [.. list];
        }
    }

    private T Do<T>(Collaborator collaborator, Func<T> work)
    {
        if (collaborator == failing)
        {
            int call = Interlocked.Increment(ref _calls);
            if (forGood ? call >= step : call == step)
            {
                Interlocked.Increment(ref _faults);
                if (!hangs)
                {
                    throw new InvalidOperationException(collaborator.ToString());
                }

                _mayEnd.Wait();
            }
        }

        return work();
    }
}
