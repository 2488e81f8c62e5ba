using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Buffers;
using StreamUsage.Capture;
using StreamUsage.Estimation;
using StreamUsage.Estimation.Counting;
using StreamUsage.Framing;
using StreamUsage.Parsing.Anthropic;
using StreamUsage.Pricing;

namespace StreamUsage.Recording;

/// <summary>Builds the record of an ended response from the reported counts and estimates of the others.</summary>
internal sealed class RecordBuilder(RecordSettings settings, EstimationWorker worker)
{
    // The limit of a reported count, too.
    private const long MaxEstimate = 1L << 40;

    private const int MaxNameLength = 1024;

    // Replaces a failed estimator. It can only fail if the request's memory is gone.
    private static readonly CharacterTokenEstimator BasicRule = new();

    public static ModelTokenEstimator DefaultEstimator { get; } = new();

    /// <summary>Builds the record. The faults include those of an estimator or a pricing that failed or timed
    /// out.</summary>
    public ValueTask<(UsageRecord Record, IReadOnlyList<Exception> Faults)> BuildAsync(TrackedBody body)
    {
        Counts counts = GetReportedCounts(body);
        return counts.NeedsInput || counts.NeedsOutput || settings.Pricing is not null
            ? EstimateAndPriceAsync(body, counts)
            : new((Describe(body, counts), []));
    }

    /// <summary>Prices the record of a response whose process has ended. Never throws.</summary>
    public async ValueTask<(UsageRecord Record, IReadOnlyList<Exception> Faults)> PriceOrphanAsync(UsageRecord record)
    {
        var faults = new List<Exception>();
        return (settings.Pricing is { } pricing ? await PriceAsync(record, pricing, faults).ConfigureAwait(false) : record, faults);
    }

    public UsageStart DescribeStart(TrackedBody body)
    {
        // The body may be released from here on, and the sink may read the quote late.
        ReadOnlyMemory<byte> requestBody = settings.Pricing is null ? default : body.CopyRequestBody();
        UsageContext context = body.Context;
        DateTimeOffset startedAt = body.StartedAt;
        return new UsageStart
        {
            Id = body.Id,
            Context = context,
            StartedAt = startedAt,
            EstimateQuote = requestBody.IsEmpty
                ? null : () => RequestQuote.Of(context with { RequestBody = requestBody }, settings, startedAt),
        };
    }

    /// <summary>Returns a minimal record for a response whose record could not be built.</summary>
    public static UsageRecord Minimal(TrackedBody body, Exception fault) => new()
    {
        Id = body.Id,
        Context = body.Context,
        Status = UsageStatus.Failed,
        Outcome = body.Verdict.Outcome,
        StatusCode = body.Verdict.StatusCode,
        HttpStatusCode = body.HttpStatusCode,
        ErrorType = "record_failed",
        ErrorMessage = $"The record could not be built: {fault.GetType().Name}.",
        Anomalies = UsageAnomalies.UncertainBill,
        TraceId = body.TraceId,
        SpanId = body.SpanId,
        StartedAt = body.StartedAt,
        Duration = body.Times.Duration,
        BytesReceived = body.BytesReceived,
    };

    /// <summary>Returns what is known of a response when it ends: no estimates and no price. Takes nothing from the
    /// body.</summary>
    public static UsageRecord DescribeEnd(TrackedBody body)
    {
        Counts counts = GetReportedCounts(body);
        ref readonly UsageAccumulator state = ref body.Events.State;
        (TokenUsage billed, _) = Bill(body.Events, counts.Usage);
        return new UsageRecord
        {
            Id = body.Id,
            Context = body.Context,
            ApiFormat = body.Events.Format,
            Protocol = body.Events.Protocol,
            BilledUsage = billed,
            TokenDetails = state.TokenDetails,
            InputSource = counts.Input,
            OutputSource = counts.Output,
            ResponseId = Cap(state.ResponseId),
            ResponseModel = Cap(state.Model),
            StopReason = Cap(state.StopReason),
            Streamed = body.Events.IsStreamed,
            Operation = body.Events.Operation,
            Status = body.Failure is null ? body.Verdict.Status : UsageStatus.Failed,
            Outcome = body.Verdict.Outcome,
            StatusCode = body.Failure?.StatusCode ?? body.Verdict.StatusCode,
            ErrorType = ErrorTypeOf(body),
        };
    }

    public static void WarmUp(ITokenEstimator estimator)
    {
        if (estimator is ModelTokenEstimator)
        {
            Tokenizers.Load();
        }
        else
        {
            estimator.CountTokens(null, "warm");
        }
    }

    private async ValueTask<(UsageRecord Record, IReadOnlyList<Exception> Faults)> EstimateAndPriceAsync(TrackedBody body, Counts counts)
    {
        var faults = new List<Exception>();
        counts = await EstimateAsync(body, counts, faults).ConfigureAwait(false);
        UsageRecord record = Describe(body, counts);
        if (settings.Pricing is { } pricing)
        {
            record = await PriceAsync(record, pricing, faults).ConfigureAwait(false);
        }

        bool isLate = faults.Exists(static fault => fault is TimeoutException);
        return (isLate ? record with { Anomalies = record.Anomalies | UsageAnomalies.UncertainBill } : record, faults);
    }

    private UsageRecord Describe(TrackedBody body, in Counts counts)
    {
        body.Events.ReleaseOutput();
        EventReader events = body.Events;
        ref readonly UsageAccumulator state = ref events.State;
        OutcomeRules.Verdict verdict = body.Verdict;
        ProviderError? error = state.Error;
        (TokenUsage billed, IReadOnlyList<UsageIteration> iterations) = Bill(events, counts.Usage);
        var record = new UsageRecord
        {
            Id = body.Id,
            Context = body.Context,
            ApiFormat = events.Format,
            Protocol = events.Protocol,
            Usage = counts.Usage,
            BilledUsage = billed,
            BilledUnits = state.BilledUnits,
            Anomalies = Doubts(events, counts.Anomalies),
            Iterations = iterations,
            ServerToolUse = state.ServerToolUse,
            TokenDetails = state.TokenDetails,
            InputSource = counts.Input,
            OutputSource = counts.Output,
            ReportedUsage = events.TakeReportedUsageJson(),
            ReportedCost = state.ReportedCost,
            ResponseId = Cap(state.ResponseId),
            ResponseModel = Cap(state.Model),
            StopReason = Cap(state.StopReason),
            StopSequence = Cap(state.StopSequence),
            ServiceTier = Cap(state.ServiceTier),
            Speed = Cap(state.Speed),
            InferenceGeo = Cap(state.InferenceGeo),
            Streamed = events.IsStreamed,
            Operation = events.Operation,
            Status = body.Failure is null ? verdict.Status : UsageStatus.Failed,
            Outcome = verdict.Outcome,
            StatusCode = body.Failure?.StatusCode ?? verdict.StatusCode,
            HttpStatusCode = body.HttpStatusCode,
            ErrorType = ErrorTypeOf(body),
            ErrorMessage = SecretMask.Message(
                body.Failure?.Message ?? error?.Message
                ?? (IsShutDown(body) ? "The process was shut down while the body was being read." : MessageOf(body.Fault))),
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
        record = settings.CapturesRequestBody && body.RequestBodyLength > 0 ? WithRequestBody(record, body, settings) : record;
        body.ReleaseRequestBody();
        return record;
    }

    // A custom parser's state may throw here, but not for the counts.
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

    private static UsageRecord WithRequestBody(UsageRecord record, TrackedBody body, RecordSettings settings)
    {
        ReadOnlyMemory<byte> requestBody = RequestBodyCapture.Copy(body.RequestBody, settings.MaxCapturedBytes, out bool isTruncated);
        isTruncated |= body.RequestBody.Length < body.RequestBodyLength;
        return record with
        {
            Context = record.Context with { RequestBody = requestBody },
            Response = isTruncated ? (record.Response ?? new CapturedResponse()) with { Truncated = true } : record.Response,
        };
    }

    // Reported counts stay, except implausible zeros. A refused request, or an answer of nothing, costs nothing.
    private static Counts GetReportedCounts(TrackedBody body)
    {
        EventReader events = body.Events;
        SettledUsage settled = events.Settled;
        TokenSource input = settled.IsInputReported ? TokenSource.Reported : TokenSource.None;
        TokenSource output = settled.IsOutputReported ? TokenSource.Reported : TokenSource.None;
        StreamOutcome outcome = body.Verdict.Outcome;
        bool isWithoutUsage = !settled.IsInputReported && !settled.IsOutputReported;
        bool isBilledOtherwise = isWithoutUsage && events.State.BilledUnits.Count != 0; // By the second or the image: there are no tokens.
        bool isUnreported = outcome == StreamOutcome.Completed && isWithoutUsage && !isBilledOtherwise;
        bool isFree = isWithoutUsage && !events.HasOutput && outcome is StreamOutcome.ProviderError or StreamOutcome.Completed;
        bool mayHaveRun = !isFree && !isBilledOtherwise && body.End != StreamEnd.NotSent
            && outcome is not (StreamOutcome.Empty or StreamOutcome.Unreadable or StreamOutcome.Pending);
        return new Counts(
            isFree ? default : settled.Usage,
            input,
            output,
            settled.Anomalies | (isUnreported ? UsageAnomalies.NoUsageReported : UsageAnomalies.None),
            mayHaveRun && input == TokenSource.None && body.RequestBodyLength > 0,
            mayHaveRun && output == TokenSource.None);
    }

    // Unreported counts are estimated from what was seen, and are at least their lower bounds.
    private async ValueTask<Counts> EstimateAsync(TrackedBody body, Counts counts, List<Exception> faults)
    {
        EventReader events = body.Events;
        string? model = events.State.Model ?? body.Context.Model;
        if (counts.NeedsInput)
        {
            long tokens = await EstimateInputAsync(events.Format, model, body, faults).ConfigureAwait(false);
            counts = counts with
            {
                Usage = counts.Usage with { InputTokens = tokens },
                Input = tokens == 0 ? TokenSource.None : TokenSource.Estimated,
            };
        }

        if (counts.NeedsOutput)
        {
            SettledUsage settled = events.Settled;
            long tokens = settled.AddOutput(await EstimateOutputAsync(events, model, faults).ConfigureAwait(false));
            counts = counts with
            {
                Usage = counts.Usage with { OutputTokens = tokens },
                Output = tokens == 0 ? TokenSource.None : TokenSource.Estimated,
            };
        }

        return counts;
    }

    // The doubts of the record, beside those of the counts.
    private static UsageAnomalies Doubts(EventReader events, UsageAnomalies counted) => counted
        | (events.IgnoredCounts == 0 ? UsageAnomalies.None : UsageAnomalies.CountsIgnored)
        | (events.UnknownUsageFields.Count == 0 ? UsageAnomalies.None : UsageAnomalies.UnknownUsageFields)
        | (events.SkippedEvents == 0 ? UsageAnomalies.None : UsageAnomalies.SkippedEvents)
        | (IsRefusedUnbilled(events) ? UsageAnomalies.UncertainBill : UsageAnomalies.None);

    // Anthropic, "Refusals and fallback": a request that is refused before any output is not billed, despite its usage.
    private static bool IsRefusedUnbilled(EventReader events) =>
        events.Protocol == ClaudeParser.Name && events.State.StopReason == "refusal" && !events.HasOutput;

    private async Task<long> EstimateOutputAsync(EventReader events, string? model, List<Exception> faults)
    {
        ModelOutput seen = events.TakeOutput();
        return seen.Characters == 0 && seen.Parts.Count == 0
            ? 0 : await EstimateAsync(
            estimator => estimator is ModelTokenEstimator own
                ? own.EstimateOutput(events.Format, model, seen)
                : estimator.EstimateOutputTokens(events.Format, model, seen.JoinText(), seen.Characters),
            faults).ConfigureAwait(false);
    }

    // A body over the limit is not read, and its size is counted. Malformed JSON counts up to its fault, which is
    // noted.
    private async Task<long> EstimateInputAsync(ApiFormat format, string? model, TrackedBody body, List<Exception> faults)
    {
        ReadOnlyMemory<byte> requestBody = body.RequestBody;
        if (requestBody.IsEmpty || requestBody.Length > settings.MaxRequestBodyBytes)
        {
            return CharacterTokenEstimator.Tokens(body.RequestBodyLength);
        }

        JsonException? malformed = null;
        long estimate = await EstimateAsync(
            estimator => estimator is ModelTokenEstimator own
                ? own.EstimateInput(format, model, requestBody.Span, out malformed)
                : estimator.EstimateInputTokens(format, model, requestBody),
            faults).ConfigureAwait(false);
        if (malformed is not null)
        {
            faults.Add(malformed);
        }

        return estimate;
    }

    // After a timeout, the estimator is not called again for this record.
    private async Task<long> EstimateAsync(Func<ITokenEstimator, long> count, List<Exception> faults)
    {
        if (!faults.Exists(static fault => fault is TimeoutException))
        {
            try
            {
                return Math.Clamp(await worker.RunAsync(() => count(settings.Estimator)).ConfigureAwait(false), 0, MaxEstimate);
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

    // A price table is pure and takes a microsecond. A custom pricing, or a multiplier, may hang.
    private async ValueTask<UsageRecord> PriceAsync(UsageRecord record, IUsagePricing pricing, List<Exception> faults)
    {
        try
        {
            PricingResult result = pricing is PriceTable { CallsUserCode: false }
                ? PricingResult.Of(pricing, record) : await worker.RunAsync(() => PricingResult.Of(pricing, record)).ConfigureAwait(false);
            return record with
            {
                Cost = result.Cost,
                UnpricedReason = result.UnpricedReason,
                UnpricedModel = result.UnpricedModel,
                Anomalies = result.Cost is { IsUncertain: true } ? record.Anomalies | UsageAnomalies.UncertainBill : record.Anomalies,
            };
        }
        catch (Exception fault)
        {
            faults.Add(fault);
            string reason = fault is TimeoutException ? UnpricedReasons.PricingTimeout : UnpricedReasons.PricingFailed;
            return record with { UnpricedReason = reason };
        }
    }

    // Only a custom parser's text is longer.
    private static string? Cap(string? name) => name is null ? null : CappedText.Of(name, MaxNameLength);

    private static bool IsShutDown(TrackedBody body) =>
        body.End == StreamEnd.ShutDown && body.Verdict.Outcome == StreamOutcome.Interrupted;

    private static string? ErrorTypeOf(TrackedBody body) =>
        SecretMask.Message(body.Events.State.Error?.Type ?? (IsShutDown(body) ? "shutdown" : TypeOf(body.Fault)));

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

    private readonly record struct Counts(
        TokenUsage Usage, TokenSource Input, TokenSource Output, UsageAnomalies Anomalies, bool NeedsInput, bool NeedsOutput);
}
