using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Estimation;
using StreamUsage.Framing;

namespace StreamUsage.Recording.Building;

/// <summary>Estimates the counts of a response that were not reported, from its request and the output seen.</summary>
internal sealed class CountEstimator(RecordSettings settings, EstimationWorker worker)
{
    // Reported counts have the same limit.
    private const long MaxEstimate = CountText.MaxCount;

    // Replaces a failed estimator. It can only fail if the request's memory is gone.
    private static readonly CharacterTokenEstimator BasicRule = new();

    /// <summary>Returns the counts with the missing ones estimated. An estimate is at least the lower bound that was
    /// reported. If the basic rule replaces the estimator, the bill is uncertain.</summary>
    /// <param name="body">The response.</param>
    /// <param name="counts">Its reported counts.</param>
    /// <param name="faults">Receives the faults of the estimator.</param>
    public async ValueTask<RecordCounts> EstimateAsync(TrackedBody body, RecordCounts counts, List<Exception> faults)
    {
        EventReader events = body.Events;
        string? model = events.State.Model ?? body.Context.Model;
        if (counts.NeedsInput)
        {
            Estimate estimate = await EstimateInputAsync(events.Format, model, body, faults).ConfigureAwait(false);
            counts = counts with
            {
                Usage = counts.Usage with { InputTokens = estimate.Tokens },
                Input = estimate.Tokens == 0 ? TokenSource.None : TokenSource.Estimated,
                Anomalies = counts.Anomalies | estimate.Anomalies,
            };
        }

        if (counts.NeedsOutput)
        {
            SettledUsage settled = events.Settled;
            Estimate estimate = await EstimateOutputAsync(events, model, faults).ConfigureAwait(false);
            long tokens = settled.CombineOutput(estimate.Tokens);
            counts = counts with
            {
                Usage = counts.Usage with { OutputTokens = tokens },
                Output = tokens == 0 ? TokenSource.None : TokenSource.Estimated,
                Anomalies = counts.Anomalies | estimate.Anomalies,
            };
        }

        return counts;
    }

    private async Task<Estimate> EstimateOutputAsync(EventReader events, string? model, List<Exception> faults)
    {
        ModelOutput seen = events.TakeOutput();
        return seen.Characters == 0 && seen.Parts.Count == 0
            ? default : await RunEstimatorAsync(
            estimator => estimator is ModelTokenEstimator builtIn
                ? builtIn.EstimateOutput(events.Format, model, seen)
                : estimator.EstimateOutputTokens(events.Format, model, seen.JoinText(), seen.Characters),
            faults).ConfigureAwait(false);
    }

    // A body over the limit is not read: 4 bytes count as a token, also those of images. Malformed JSON counts as text
    // from its fault on, and the fault is noted.
    private async Task<Estimate> EstimateInputAsync(ApiFormat format, string? model, TrackedBody body, List<Exception> faults)
    {
        ReadOnlyMemory<byte> requestBody = body.RequestBody;
        if (requestBody.IsEmpty || requestBody.Length > settings.MaxRequestBodyBytes)
        {
            return new Estimate(CharacterTokenEstimator.Tokens(body.RequestBodyLength), UsageAnomalies.UncertainBill);
        }

        JsonException? malformed = null;
        Estimate estimate = await RunEstimatorAsync(
            estimator => estimator is ModelTokenEstimator builtIn
                ? builtIn.EstimateInput(format, model, requestBody.Span, out malformed)
                : estimator.EstimateInputTokens(format, model, requestBody),
            faults).ConfigureAwait(false);
        if (malformed is not null)
        {
            faults.Add(malformed);
        }

        return estimate;
    }

    // After a timeout, the estimator is not called again for this record.
    private async Task<Estimate> RunEstimatorAsync(Func<ITokenEstimator, long> count, List<Exception> faults)
    {
        if (!faults.Exists(static fault => fault is TimeoutException))
        {
            try
            {
                long tokens = await worker.RunAsync(() => count(settings.Estimator)).ConfigureAwait(false);
                return new Estimate(Math.Clamp(tokens, 0, MaxEstimate), UsageAnomalies.None);
            }
            catch (Exception fault)
            {
                faults.Add(fault);
            }
        }

        try
        {
            return new Estimate(count(BasicRule), UsageAnomalies.UncertainBill);
        }
        catch (Exception fault)
        {
            faults.Add(fault);
            return new Estimate(0, UsageAnomalies.UncertainBill);
        }
    }

    private readonly record struct Estimate(long Tokens, UsageAnomalies Anomalies);
}
