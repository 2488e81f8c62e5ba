using StreamUsage.Accounting;
using StreamUsage.Estimation;
using StreamUsage.Pricing;

namespace StreamUsage.PassThrough;

/// <summary>Makes the record of a response that has ended: what was reported, and an estimate of what was not.</summary>
internal static class RecordBuilder
{
    public static CharacterTokenEstimator BasicRule { get; } = new();

    public static (UsageRecord Record, List<Exception> Faults) Build(TrackedBody body, UsageTracker.TrackerSettings settings)
    {
        var faults = new List<Exception>();
        BodyReader reader = body.Reader;
        ref readonly UsageAccumulator state = ref reader.State;
        OutcomeRules.Verdict verdict = body.Verdict;
        ProviderError? error = state.Error;
        (TokenUsage usage, TokenSource inputSource, TokenSource outputSource) = Count(body, settings.Estimator, faults);

        var record = new UsageRecord
        {
            Id = body.Id,
            Context = body.Context,
            ApiFormat = reader.Format,
            Wire = reader.Wire,
            Usage = usage,
            BilledUsage = state.Iterations.Count == 0 ? usage : state.BilledUsage,
            Iterations = state.Iterations,
            ServerToolUse = state.ServerToolUse,
            TokenDetails = state.TokenDetails,
            InputSource = inputSource,
            OutputSource = outputSource,
            ReportedUsageJson = reader.TakeReportedUsageJson(),
            ReportedCost = state.ReportedCost,
            ResponseId = state.ResponseId,
            ResponseModel = state.Model,
            StopReason = state.StopReason,
            StopSequence = state.StopSequence,
            ServiceTier = state.ServiceTier,
            Speed = state.Speed,
            InferenceGeo = state.InferenceGeo,
            Status = body.Failure is null ? verdict.Status : UsageStatus.Failed,
            Outcome = verdict.Outcome,
            StatusCode = body.Failure?.StatusCode ?? verdict.StatusCode,
            HttpStatusCode = body.HttpStatusCode,
            ErrorType = error?.Type ?? TypeOf(body.Fault),
            ErrorMessage = body.Failure?.Message ?? error?.Message ?? body.Fault?.Message,
            TraceId = body.TraceId,
            SpanId = body.SpanId,
            StartedAt = body.StartedAt,
            Duration = body.Duration,
            TimeToFirstByte = body.TimeToFirstByte,
            TimeToFirstToken = body.TimeToFirstToken,
            TimeToLastByte = body.TimeToLastByte,
            BytesReceived = body.BytesReceived,
            ReadCount = body.ReadCount,
            EventCount = reader.EventCount,
            SkippedEvents = reader.SkippedEvents,
            OutputCharacters = reader.OutputCharacters,
            Drained = body.IsDrained,
            ResponseHeaders = body.ResponseHeaders,
            Response = reader.Excerpt,
        };

        return (Price(record, settings.Pricing, faults), faults);
    }

    // Reported stays as it is, 0 included. Not reported: counted from what was seen, never below a placeholder. A refused request costs nothing.
    private static (TokenUsage Usage, TokenSource Input, TokenSource Output) Count(TrackedBody body, ITokenEstimator estimator, List<Exception> faults)
    {
        BodyReader reader = body.Reader;
        ref readonly UsageAccumulator state = ref reader.State;
        TokenUsage usage = state.Usage;
        TokenSource input = state.IsInputReported ? TokenSource.Reported : TokenSource.None;
        TokenSource output = state.IsOutputReported ? TokenSource.Reported : TokenSource.None;

        bool isRefused = body.Verdict.Outcome == StreamOutcome.ProviderError && !state.IsInputReported && !state.IsOutputReported && !reader.HasOutput;
        bool mayHaveRun = !isRefused && body.Verdict.Outcome is not (StreamOutcome.Empty or StreamOutcome.Unreadable or StreamOutcome.Pending);
        if (!mayHaveRun)
        {
            return (usage, input, output);
        }

        string? model = state.Model ?? body.Context.Model;
        if (input == TokenSource.None && !body.RequestBody.IsEmpty)
        {
            long estimate = Estimate(estimator, e => e.EstimateInputTokens(reader.Format, model, body.RequestBody), faults);
            usage = usage with { InputTokens = estimate };
            input = estimate == 0 ? TokenSource.None : TokenSource.Estimated;
        }

        if (output == TokenSource.None)
        {
            long characters = reader.OutputCharacters;
            long estimate = characters == 0 ? 0 : Estimate(estimator, e => e.EstimateOutputTokens(reader.Format, model, characters), faults);
            usage = usage with { OutputTokens = Math.Max(usage.OutputTokens, estimate) };
            output = usage.OutputTokens == 0 ? TokenSource.None : TokenSource.Estimated;
        }

        return (usage, input, output);
    }

    private static long Estimate(ITokenEstimator estimator, Func<ITokenEstimator, long> count, List<Exception> faults)
    {
        try
        {
            return Math.Max(0, count(estimator));
        }
        catch (Exception fault)
        {
            faults.Add(fault);
            return count(BasicRule);
        }
    }

    private static UsageRecord Price(UsageRecord record, IUsagePricing? pricing, List<Exception> faults)
    {
        if (pricing is null)
        {
            return record;
        }

        try
        {
            UsageCost? cost = pricing.Price(record);
            return record with { Cost = cost, UnpricedReason = cost is null ? "the model is not in the price table" : null };
        }
        catch (Exception fault)
        {
            faults.Add(fault);
            return record with { UnpricedReason = "the pricing failed" };
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
