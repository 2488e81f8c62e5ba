using StreamUsage.Accounting;
using StreamUsage.Capture;
using StreamUsage.Framing;
using StreamUsage.Pricing;

namespace StreamUsage.Recording.Building;

/// <summary>Builds the record of an ended response from the reported counts, estimates of the others, and their
/// price.</summary>
internal sealed class RecordBuilder(RecordSettings settings, EstimationWorker worker)
{
    private readonly CountEstimator _estimator = new(settings, worker);

    /// <summary>Builds the record. The faults include those of an estimator or a pricing that failed or timed
    /// out.</summary>
    public ValueTask<(UsageRecord Record, IReadOnlyList<Exception> Faults)> BuildAsync(TrackedBody body)
    {
        RecordCounts counts = RecordCounts.Of(body, body.Verdict.Outcome);
        return counts.NeedsInput || counts.NeedsOutput || settings.Pricing is not null
            ? EstimateAndPriceAsync(body, counts)
            : new((BuildRecord(body, counts), []));
    }

    /// <summary>Prices the record of a response whose process has ended. Never throws.</summary>
    public async ValueTask<(UsageRecord Record, IReadOnlyList<Exception> Faults)> PriceOrphanAsync(UsageRecord record)
    {
        var faults = new List<Exception>();
        return (settings.Pricing is { } pricing ? await PriceAsync(record, pricing, faults).ConfigureAwait(false) : record, faults);
    }

    public UsageStart CreateStart(TrackedBody body)
    {
        // A copy, since a sink may read the quote after the request body was released.
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

    /// <summary>Returns a minimal record for a response whose record could not be built. It has the reported counts if
    /// they can be read, and no estimates.</summary>
    public static UsageRecord CreateMinimal(TrackedBody body, Exception fault)
    {
        var minimal = new UsageRecord
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
        try
        {
            return WithReported(minimal, body.Events);
        }
        catch (Exception)
        {
            return minimal; // The state throws again.
        }
    }

    /// <summary>Returns the record before estimates and price, for the caller's activity. Leaves the buffers of the
    /// body in place.</summary>
    public static UsageRecord CreateUnpriced(TrackedBody body) =>
        RecordMapping.Create(body, body.Context, RecordCounts.Of(body, body.Verdict.Outcome), body.Verdict);

    private async ValueTask<(UsageRecord Record, IReadOnlyList<Exception> Faults)> EstimateAndPriceAsync(
        TrackedBody body, RecordCounts counts)
    {
        var faults = new List<Exception>();
        counts = await _estimator.EstimateAsync(body, counts, faults).ConfigureAwait(false);
        UsageRecord record = BuildRecord(body, counts);
        if (settings.Pricing is { } pricing)
        {
            record = await PriceAsync(record, pricing, faults).ConfigureAwait(false);
        }

        bool isLate = faults.Exists(static fault => fault is TimeoutException);
        return (isLate ? record with { Anomalies = record.Anomalies | UsageAnomalies.UncertainBill } : record, faults);
    }

    private static UsageRecord WithReported(UsageRecord minimal, EventReader events)
    {
        ref readonly UsageAccumulator state = ref events.State;
        SettledUsage settled = events.Settled;

        // Without usage, the counts are placeholders.
        TokenUsage usage = settled.IsInputReported || settled.IsOutputReported ? settled.Usage : default;
        return minimal with
        {
            ApiFormat = events.Format,
            Protocol = events.Protocol,
            Usage = usage,
            BilledUsage = RecordMapping.Bill(events, usage).Billed,
            InputSource = settled.IsInputReported ? TokenSource.Reported : TokenSource.None,
            OutputSource = settled.IsOutputReported ? TokenSource.Reported : TokenSource.None,
            Anomalies = minimal.Anomalies | settled.Anomalies,
            ResponseId = RecordMapping.Shorten(state.ResponseId),
            ResponseModel = RecordMapping.Shorten(state.Model),
        };
    }

    // Takes the captured content from the body, and releases what it holds.
    private UsageRecord BuildRecord(TrackedBody body, in RecordCounts counts)
    {
        body.Events.ReleaseOutput();
        UsageRecord record = RecordMapping.Create(
            body, body.Context, counts, body.Verdict, body.Events.TakeReportedUsageJson(), body.Events.TakeCaptured());
        record = settings.CapturesRequestBody && body.RequestBodyLength > 0 ? WithRequestBody(record, body) : record;
        body.ReleaseRequestBody();
        return record;
    }

    private UsageRecord WithRequestBody(UsageRecord record, TrackedBody body)
    {
        ReadOnlyMemory<byte> requestBody = RequestBodyCapture.Copy(body.RequestBody, settings.MaxCapturedBytes, out bool isTruncated);
        isTruncated |= body.RequestBody.Length < body.RequestBodyLength;
        return record with
        {
            Context = record.Context with { RequestBody = requestBody },
            Response = isTruncated ? (record.Response ?? new CapturedResponse()) with { Truncated = true } : record.Response,
        };
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
}
