using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Capture;
using StreamUsage.Delivery;
using StreamUsage.Estimation;
using StreamUsage.Framing;
using StreamUsage.PassThrough;
using StreamUsage.Pricing;

namespace StreamUsage.Recording;

/// <summary>Makes the record of a response that has ended: what was reported, and an estimate of what was not.</summary>
internal static class RecordBuilder
{
    public static ModelTokenEstimator DefaultEstimator { get; } = new();

    // No count that a provider reports may be larger either.
    private const long MaxEstimate = 1L << 40;

    // What serves where an estimator fails: it cannot fail itself, but for a request whose bytes are gone.
    private static readonly CharacterTokenEstimator BasicRule = new();

    /// <summary>Never throws: what of the user's fails or takes longer than the limit is left out, and named in the faults.</summary>
    public static async ValueTask<(UsageRecord Record, List<Exception> Faults)> BuildAsync(TrackedBody body, UsageTracker.TrackerSettings settings, TimeLimit limit)
    {
        var faults = new List<Exception>();
        (TokenUsage Usage, TokenSource Input, TokenSource Output) counts = await CountAsync(body, settings, limit, faults).ConfigureAwait(false);
        body.Events.ReleaseOutput();
        UsageRecord record = Describe(body, counts);
        if (settings.Capture.HasFlag(CapturedContent.RequestBody) && body.RequestBodyLength > 0)
        {
            record = WithRequestBody(record, body, settings);
        }

        return (settings.Pricing is { } pricing ? await PriceAsync(record, pricing, limit, faults).ConfigureAwait(false) : record, faults);
    }

    private static UsageRecord Describe(TrackedBody body, (TokenUsage Usage, TokenSource Input, TokenSource Output) counts)
    {
        EventReader events = body.Events;
        ref readonly UsageAccumulator state = ref events.State;
        OutcomeRules.Verdict verdict = body.Verdict;
        ProviderError? error = state.Error;
        bool isShutDown = body.End == StreamEnd.ShutDown && verdict.Outcome == StreamOutcome.Interrupted;
        (TokenUsage billed, IReadOnlyList<UsageIteration> iterations) = Bill(events, counts.Usage);
        return new UsageRecord
        {
            Id = body.Id,
            Context = body.Context,
            ApiFormat = events.Format,
            Protocol = events.Protocol,
            Usage = counts.Usage,
            BilledUsage = billed,
            BilledUnits = state.BilledUnits,
            Anomalies = state.Anomalies,
            Iterations = iterations,
            ServerToolUse = state.ServerToolUse,
            TokenDetails = state.TokenDetails,
            InputSource = counts.Input,
            OutputSource = counts.Output,
            ReportedUsageJson = events.TakeReportedUsageJson(),
            ReportedCost = state.ReportedCost,
            ResponseId = state.ResponseId,
            ResponseModel = state.Model,
            StopReason = state.StopReason,
            StopSequence = state.StopSequence,
            ServiceTier = state.ServiceTier,
            Speed = state.Speed,
            InferenceGeo = state.InferenceGeo,
            Streamed = events.IsStreamed,
            Operation = events.Operation,
            Status = body.Failure is null ? verdict.Status : UsageStatus.Failed,
            Outcome = verdict.Outcome,
            StatusCode = body.Failure?.StatusCode ?? verdict.StatusCode,
            HttpStatusCode = body.HttpStatusCode,
            ErrorType = SecretMask.Message(error?.Type ?? (isShutDown ? "shutdown" : TypeOf(body.Fault))),
            ErrorMessage = SecretMask.Message(body.Failure?.Message ?? error?.Message ?? (isShutDown ? "The process was shut down while the body was being read." : MessageOf(body.Fault))),
            TraceId = body.TraceId,
            SpanId = body.SpanId,
            StartedAt = body.StartedAt,
            Duration = body.Times.Duration,
            TimeToFirstByte = body.Times.TimeToFirstByte,
            TimeToFirstToken = body.Times.TimeToFirstToken,
            TimeToLastByte = body.Times.TimeToLastByte,
            BytesReceived = body.BytesReceived,
            ReadCount = body.Times.ReadCount,
            EventCount = events.EventCount,
            SkippedEvents = events.SkippedEvents,
            OutputCharacters = events.OutputCharacters,
            Drained = body.IsDrained,
            ResponseHeaders = body.ResponseHeaders,
            Response = events.TakeCaptured(),
        };
    }

    // What a custom parser put into its state can throw; the counts are safe from it.
    private static (TokenUsage Billed, IReadOnlyList<UsageIteration> Iterations) Bill(EventReader events, TokenUsage usage)
    {
        try
        {
            return (events.State.Bill(usage), events.State.Iterations);
        }
        catch (Exception fault)
        {
            events.Fail(fault);
            return (usage, []);
        }
    }

    private static UsageRecord WithRequestBody(UsageRecord record, TrackedBody body, UsageTracker.TrackerSettings settings)
    {
        ReadOnlyMemory<byte> requestBody = RequestBodyCapture.Copy(body.RequestBody, settings.MaxCapturedBytes, out bool isTruncated);
        isTruncated |= body.RequestBody.Length < body.RequestBodyLength;
        return record with
        {
            Context = record.Context with { RequestBody = requestBody },
            Response = isTruncated ? (record.Response ?? new CapturedResponse()) with { Truncated = true } : record.Response,
        };
    }

    // Reported stays as it is, 0 included. Not reported: counted from what was seen, never below a placeholder. A refused request costs nothing.
    private static async ValueTask<(TokenUsage Usage, TokenSource Input, TokenSource Output)> CountAsync(TrackedBody body, UsageTracker.TrackerSettings settings, TimeLimit limit, List<Exception> faults)
    {
        EventReader events = body.Events;
        UsageAccumulator state = events.State;
        TokenUsage usage = state.Usage;
        TokenSource input = state.IsInputReported ? TokenSource.Reported : TokenSource.None;
        TokenSource output = state.IsOutputReported ? TokenSource.Reported : TokenSource.None;

        bool isRefused = body.Verdict.Outcome == StreamOutcome.ProviderError && !state.IsInputReported && !state.IsOutputReported && !events.HasOutput;
        bool mayHaveRun = !isRefused && body.Verdict.Outcome is not (StreamOutcome.Empty or StreamOutcome.Unreadable or StreamOutcome.Pending);
        if (!mayHaveRun)
        {
            return (usage, input, output);
        }

        string? model = state.Model ?? body.Context.Model;
        if (input == TokenSource.None && body.RequestBodyLength > 0)
        {
            usage = usage with { InputTokens = await EstimateInputAsync(events.Format, model, body, settings, limit, faults).ConfigureAwait(false) };
            input = usage.InputTokens == 0 ? TokenSource.None : TokenSource.Estimated;
        }

        if (output == TokenSource.None)
        {
            long estimate = await EstimateOutputAsync(events, model, settings, limit, faults).ConfigureAwait(false);
            usage = usage with { OutputTokens = Math.Max(usage.OutputTokens, estimate) };
            output = usage.OutputTokens == 0 ? TokenSource.None : TokenSource.Estimated;
        }

        return (usage, input, output);
    }

    private static async Task<long> EstimateOutputAsync(EventReader events, string? model, UsageTracker.TrackerSettings settings, TimeLimit limit, List<Exception> faults)
    {
        ModelOutput seen = events.TakeOutput();
        return seen.Characters == 0 && seen.Parts.Count == 0
            ? 0 : await EstimateAsync(settings.Estimator, estimator => estimator.EstimateOutputTokens(events.Format, model, seen), limit, faults).ConfigureAwait(false);
    }

    // A body over the limit is not read, or was not even kept: its size says what it may have cost. Malformed JSON counts as far as it goes, and is noted.
    private static async Task<long> EstimateInputAsync(
        ApiFormat format, string? model, TrackedBody body, UsageTracker.TrackerSettings settings, TimeLimit limit, List<Exception> faults)
    {
        ReadOnlyMemory<byte> requestBody = body.RequestBody;
        if (requestBody.IsEmpty || requestBody.Length > settings.MaxRequestBodyBytes)
        {
            return CharacterTokenEstimator.Tokens(body.RequestBodyLength);
        }

        JsonException? malformed = null;
        long estimate = await EstimateAsync(
            settings.Estimator,
            estimator => estimator is ModelTokenEstimator own ? own.EstimateInput(format, model, requestBody.Span, out malformed) : estimator.EstimateInputTokens(format, model, requestBody),
            limit,
            faults).ConfigureAwait(false);
        if (malformed is not null)
        {
            faults.Add(malformed);
        }

        return estimate;
    }

    // An estimator that has hung once is not asked again. The basic rule itself fails only where the request's bytes are gone.
    private static async Task<long> EstimateAsync(ITokenEstimator estimator, Func<ITokenEstimator, long> count, TimeLimit limit, List<Exception> faults)
    {
        if (!ReferenceEquals(estimator, BasicRule) && !faults.Exists(fault => fault is TimeoutException))
        {
            try
            {
                return Math.Clamp(await WithinAsync(limit, () => count(estimator)).ConfigureAwait(false), 0, MaxEstimate);
            }
            catch (Exception fault)
            {
                faults.Add(fault);
            }
        }

        try
        {
            return count(BasicRule);
        }
        catch (Exception fault)
        {
            faults.Add(fault);
            return 0;
        }
    }

    private static async ValueTask<UsageRecord> PriceAsync(UsageRecord record, IUsagePricing pricing, TimeLimit limit, List<Exception> faults)
    {
        try
        {
            UsageCost? cost = await WithinAsync(limit, () => pricing.Price(record)).ConfigureAwait(false);
            return record with { Cost = cost, UnpricedReason = cost is null ? "the model is not in the price table" : null };
        }
        catch (Exception fault)
        {
            faults.Add(fault);
            return record with { UnpricedReason = "the pricing failed" };
        }
    }

    private static async Task<T> WithinAsync<T>(TimeLimit limit, Func<T> call)
    {
        Task<T> running = Task.Run(call);
        await limit.WaitAsync(running).ConfigureAwait(false);
        return await running.ConfigureAwait(false);
    }

    private static string? MessageOf(Exception? fault)
    {
        try
        {
            return fault?.Message;
        }
        catch (Exception)
        {
            return null;
        }
    }

    private static string? TypeOf(Exception? fault) => fault switch
    {
        null => null,
        HttpIOException http => http.HttpRequestError.ToString(),
        HttpRequestException { HttpRequestError: not HttpRequestError.Unknown } request => request.HttpRequestError.ToString(),
        _ => fault.GetType().Name,
    };
}
