using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace StreamUsage.Diagnostics;

/// <summary>Represents the client metrics of OpenTelemetry's GenAI conventions, under their current or their earlier
/// names. A tracker uses one set of names, so that nothing is counted twice.</summary>
internal sealed class GenAIMetrics
{
    private const string OptInVariable = "OTEL_SEMCONV_STABILITY_OPT_IN", LatestNames = "gen_ai_latest_experimental";

    private const string Modality = "gen_ai.token.modality", TokenType = "gen_ai.token.type";

    private static readonly ConditionalWeakTable<Meter, GenAIMetrics> Latest = [], Earlier = [];

    // Only the current names have counters and the histograms of operations; only the earlier ones have the usage.
    private readonly (Counter<long> Counter, Func<UsageRecord, TokenModalities> Tokens, bool IsTotal)[] _counters;
    private readonly Histogram<long>? _operationInput, _operationOutput, _tokenUsage;
    private readonly Histogram<double> _duration, _timeToFirstChunk, _timePerOutputChunk;
    private readonly Instrument[] _instruments;
    private readonly BoundedNames _operations = new(), _providers = new(), _requestModels = new(), _responseModels = new(),
        _servers = new(), _errors = new();

    private GenAIMetrics(Meter meter, bool isLatest)
    {
        string durations = isLatest ? "gen_ai.client.inference" : "gen_ai.client.operation";
        _duration = Histogram(meter, $"{durations}.duration", "The duration of operations.", DurationBoundaries);
        _timeToFirstChunk = Histogram(
            meter, $"{durations}.time_to_first_chunk", "The time from the request to the first chunk of a stream.", DurationBoundaries);
        _timePerOutputChunk = Histogram(
            meter, $"{durations}.time_per_output_chunk", "The time from the previous chunk of a stream to each further one.",
            DurationBoundaries);
        _counters = !isLatest ? [] :
        [
            (Counter("input_tokens", "Billed input tokens, with those read from and written to a cache."), TokenModalities.OfInput, true),
            (Counter("output_tokens", "Billed output tokens, with reasoning."), TokenModalities.OfOutput, true),
            (Counter("cache_read.input_tokens", "Input tokens that were read from a cache."), TokenModalities.OfCacheRead, false),
            (Counter("cache_write.input_tokens", "Input tokens that were written to a cache."), TokenModalities.OfCacheWrite, false),
            (Counter("reasoning.output_tokens", "Output tokens that were reasoning."), TokenModalities.OfReasoning, false),
        ];
        if (isLatest)
        {
            _operationInput = TokenHistogram(
                meter, "gen_ai.client.inference.operation.input_tokens", "The billed input tokens of an operation.");
            _operationOutput = TokenHistogram(
                meter, "gen_ai.client.inference.operation.output_tokens", "The billed output tokens of an operation.");
        }
        else
        {
            _tokenUsage = TokenHistogram(meter, "gen_ai.client.token.usage", "The billed tokens of an operation, by type.");
        }

        Instrument?[] all = [_duration, _timeToFirstChunk, _timePerOutputChunk, _operationInput, _operationOutput, _tokenUsage];
        _instruments = [.. all.OfType<Instrument>(), .. _counters.Select(static counter => counter.Counter)];

        Counter<long> Counter(string name, string description) =>
            meter.CreateCounter<long>($"gen_ai.client.inference.usage.{name}", "{token}", description);
    }

    /// <summary>Gets the boundaries of all durations, in seconds: 0.01, doubled up to 81.92.</summary>
    public static double[] DurationBoundaries { get; } =
        [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

    /// <summary>Gets the boundaries of tokens: the powers of 4 up to 67,108,864.</summary>
    public static long[] TokenBoundaries { get; } =
        [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864];

    /// <summary>Gets whether a listener measures the times between chunks.</summary>
    public bool MeasuresChunks => _timePerOutputChunk.Enabled;

    /// <summary>Returns the instruments of a factory's meter, or the shared ones without a factory.</summary>
    /// <param name="factory">Creates the meter.</param>
    /// <param name="isLatest">Whether the names are the current ones; null leaves it to the environment.</param>
    public static GenAIMetrics For(IMeterFactory? factory, bool? isLatest) => isLatest ?? IsOptedIn()
        ? Latest.GetValue(UsageMeter.MeterOf(factory), static meter => new GenAIMetrics(meter, isLatest: true))
        : Earlier.GetValue(UsageMeter.MeterOf(factory), static meter => new GenAIMetrics(meter, isLatest: false));

    /// <summary>Measures a response.</summary>
    public void Record(in GenAICall call, MetricTags tags)
    {
        if (Array.Exists(_instruments, static instrument => instrument.Enabled))
        {
            TagList attributes = Attributes(call, tags);
            if (call.HasTokens)
            {
                RecordTokens(call.Record, attributes);
            }

            RecordOperation(call, attributes);
        }
    }

    // The conventions have no error.type here. If no usage is known, the counters add 0, and token.usage gets nothing.
    private void RecordTokens(UsageRecord record, in TagList attributes)
    {
        foreach ((Counter<long> counter, Func<UsageRecord, TokenModalities> tokens, bool isTotal) in _counters)
        {
            if (counter.Enabled)
            {
                Add(counter, tokens(record), attributes, isTotal);
            }
        }

        if (_tokenUsage is not null)
        {
            RecordTokens(_tokenUsage, record.BilledUsage.TotalInputTokens, "input", record.InputSource, attributes);
            RecordTokens(_tokenUsage, record.BilledUsage.OutputTokens, "output", record.OutputSource, attributes);
        }
    }

    private void RecordOperation(in GenAICall call, TagList attributes)
    {
        UsageRecord record = call.Record;
        if (call.ErrorType is { } error)
        {
            attributes.Add("error.type", _errors.Get(error));
        }

        if (call.HasTokens)
        {
            _operationInput?.Record(record.BilledUsage.TotalInputTokens, attributes);
            _operationOutput?.Record(record.BilledUsage.OutputTokens, attributes);
        }

        _duration.Record(record.Duration.TotalSeconds, attributes);
        if (record.Streamed && call.TimeToFirstChunk is { } first)
        {
            _timeToFirstChunk.Record(first.TotalSeconds, attributes);
            call.Chunks?.Record(_timePerOutputChunk, attributes);
        }
    }

    private TagList Attributes(in GenAICall call, MetricTags tags)
    {
        var attributes = new TagList
        {
            { "gen_ai.operation.name", _operations.Get(call.Operation) },
            { "gen_ai.provider.name", _providers.Get(call.Provider) },
        };
        if (call.Record.Context.Model is { } requested)
        {
            attributes.Add("gen_ai.request.model", _requestModels.Get(requested));
        }

        if (call.Record.ResponseModel is { } answering)
        {
            attributes.Add("gen_ai.response.model", _responseModels.Get(answering));
        }

        if (call.RequestUri is { } uri)
        {
            attributes.Add("server.address", _servers.Get(uri.Host));
            attributes.Add("server.port", uri.Port);
        }

        tags.AddTo(ref attributes, call.Record.Context);
        return attributes;
    }

    private static void Add(Counter<long> counter, in TokenModalities tokens, in TagList attributes, bool isTotal)
    {
        Add(counter, tokens.Text, "text", attributes);
        Add(counter, tokens.Image, "image", attributes);
        Add(counter, tokens.Audio, "audio", attributes);
        Add(counter, tokens.Unknown, "unknown", attributes);
        if (isTotal && tokens is { Text: 0, Image: 0, Audio: 0, Unknown: 0 })
        {
            TagList none = attributes;
            none.Add(Modality, "unknown");
            counter.Add(0, none);
        }
    }

    private static void Add(Counter<long> counter, long tokens, string modality, TagList attributes)
    {
        if (tokens > 0)
        {
            attributes.Add(Modality, modality);
            counter.Add(tokens, attributes);
        }
    }

    private static void RecordTokens(Histogram<long> histogram, long tokens, string type, TokenSource source, TagList attributes)
    {
        if (source != TokenSource.None)
        {
            attributes.Add(TokenType, type);
            histogram.Record(tokens, attributes);
        }
    }

    private static bool IsOptedIn() =>
        Environment.GetEnvironmentVariable(OptInVariable)?.Split(',', StringSplitOptions.TrimEntries).Contains(LatestNames) == true;

    private static Histogram<long> TokenHistogram(Meter meter, string name, string description) =>
        UsageMeter.CreateHistogram(meter, name, "{token}", description, TokenBoundaries);

    private static Histogram<double> Histogram(Meter meter, string name, string description, double[] boundaries) =>
        UsageMeter.CreateHistogram(meter, name, "s", description, boundaries);
}
