using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Estimation;
using StreamUsage.Framing;

namespace StreamUsage.Recording.Building;

/// <summary>Estimates the counts of a response that were not reported, from its request and the output seen.</summary>
internal sealed class CountEstimator(RecordSettings settings, EstimationWorker worker)
{
    // The limit of a reported count, too.
    private const long MaxEstimate = CountText.MaxCount;

    // Replaces a failed estimator. It can only fail if the request's memory is gone.
    private static readonly CharacterTokenEstimator BasicRule = new();

    /// <summary>Returns the counts with the missing ones estimated. An estimate is at least the lower bound that was
    /// reported.</summary>
    /// <param name="body">The response.</param>
    /// <param name="counts">Its reported counts.</param>
    /// <param name="faults">Receives the faults of the estimator.</param>
    public async ValueTask<RecordCounts> EstimateAsync(TrackedBody body, RecordCounts counts, List<Exception> faults)
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
            long tokens = settled.CombineOutput(await EstimateOutputAsync(events, model, faults).ConfigureAwait(false));
            counts = counts with
            {
                Usage = counts.Usage with { OutputTokens = tokens },
                Output = tokens == 0 ? TokenSource.None : TokenSource.Estimated,
            };
        }

        return counts;
    }

    private async Task<long> EstimateOutputAsync(EventReader events, string? model, List<Exception> faults)
    {
        ModelOutput seen = events.TakeOutput();
        return seen.Characters == 0 && seen.Parts.Count == 0
            ? 0 : await RunEstimatorAsync(
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
        long estimate = await RunEstimatorAsync(
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
    private async Task<long> RunEstimatorAsync(Func<ITokenEstimator, long> count, List<Exception> faults)
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
}
