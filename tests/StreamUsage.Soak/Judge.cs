using StreamUsage.Accounting;
using StreamUsage.Capture;
using StreamUsage.Soak.Scripts;

namespace StreamUsage.Soak;

/// <summary>Says of a record what is wrong with it, from the script, the bytes that arrived, and what the client saw of
/// the end.</summary>
internal static class Judge
{
    // A record's time of the last byte goes by the system's tick.
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(40);

    public static IEnumerable<string> FindFaults(StreamRun run, UsageRecord record)
    {
        StreamPlan plan = run.Plan;
        if (run.Difference is { } difference)
        {
            yield return difference;
        }

        if (!IsAllowed(run.Ending, plan.Fate))
        {
            yield return $"the client saw {run.Ending} ({run.Fault?.GetType().Name}: {run.Fault?.Message})";
        }

        if (record.Id != run.StartId)
        {
            yield return "the sink was told of another start";
        }

        if (record.BytesReceived > run.Sent
            || (run.IsSeenExact && (MayBeDrained(run) ? record.BytesReceived < run.Seen : record.BytesReceived != run.Seen))
            || (run.Ending == Ending.ReachedEnd && record.BytesReceived != plan.Cut))
        {
            yield return $"{record.BytesReceived} bytes received, where the server sent {run.Sent} and the client saw {run.Seen}";
        }

        Known known = plan.Script.At(record.BytesReceived);
        (StreamOutcome outcome, UsageStatus status, int statusCode) = Expected(
            run, IsCompleteAfterLeaving(run, record) ? known with { IsComplete = false } : known, record.BytesReceived);
        if (record.Outcome != outcome
            || record.Status != status || record.StatusCode != statusCode || record.HttpStatusCode != plan.StatusCode)
        {
            yield return $"{record.Outcome} {record.Status} {record.StatusCode} (HTTP {record.HttpStatusCode}), where {outcome} "
                + $"{status} {statusCode} was due; the client saw {run.Ending} after {run.Seen} of {record.BytesReceived} bytes, drained "
                + $"{record.Drained}";
        }

        if (record.Drained ? !MayBeDrained(run) : MustBeDrained(run) && outcome == StreamOutcome.ClientAborted)
        {
            yield return record.Drained ? "drained, although there was no reason to" : "not read to its end, although the server sent it";
        }

        (TokenUsage usage, TokenSource input, TokenSource output) = Expected(plan, known, outcome);
        if (record.Usage != usage || record.BilledUsage != usage || record.InputSource != input || record.OutputSource != output)
        {
            yield return $"{record.Usage} {record.InputSource}/{record.OutputSource}, where {usage} {input}/{output} was due";
        }

        if (plan.Script.Protocol is { } protocol
            && (record.EventCount != known.Events || record.SkippedEvents != 0 || record.OutputCharacters != known.Characters))
        {
            yield return $"{record.EventCount} events ({record.SkippedEvents} skipped) and {record.OutputCharacters} characters, where "
                + $"{known.Events} and {known.Characters} were due ({protocol})";
        }

        // The first event of an answer tells its protocol, but for a bare error, which several share.
        if (plan.Script.Protocol is not null && known.Events > 0 && known.Events > (known.ErrorStatus is null ? 0 : 2)
            && (record.Protocol != plan.Script.Protocol || record.ApiFormat != plan.Script.Format))
        {
            yield return $"read as {record.Protocol} ({record.ApiFormat})";
        }

        if (outcome == StreamOutcome.Unreadable && record.Response?.RawExcerpt is not { Length: > 0 })
        {
            yield return "nothing was kept of a body that could not be read";
        }

        if (outcome == StreamOutcome.Interrupted && (record.ErrorType is not null) != (run.Ending == Ending.Broke))
        {
            yield return $"error type {record.ErrorType}, where the client saw {run.Ending}";
        }

        if ((record.ReadCount > 0 ? record.BytesReceived == 0 : record.BytesReceived > 0 && !MayBeDrained(run))
            || record.TimeToFirstByte > record.TimeToLastByte || record.TimeToLastByte > record.Duration)
        {
            yield return $"{record.ReadCount} reads; first byte {record.TimeToFirstByte}, last byte {record.TimeToLastByte}, end "
                + $"{record.Duration}";
        }

        if (run.Waited is { } waited && record.TimeToLastByte is { } last && record.Duration - last < waited - Tick)
        {
            yield return $"the client waited {waited} in vain, but the record says {last} of {record.Duration}";
        }

        if (record.ResponseHeaders?.GetValueOrDefault(Provider.IdHeader) is not { } id || id != record.Context.RequestId)
        {
            yield return "the headers are not this stream's";
        }
    }

    // Not where all but the last event's line ends had come: then both outcomes are right.
    private static bool IsCompleteAfterLeaving(StreamRun run, UsageRecord record) =>
        MayBeDrained(run) && record.BytesReceived > run.Seen
        && record.Outcome == StreamOutcome.ClientAborted && !run.Plan.Script.At(Math.Max(0, run.Seen - 4)).IsComplete;

    private static bool MayBeDrained(StreamRun run) => run.Plan.IsDrained && run.Ending == Ending.Left && run.Plan.StatusCode < 400;

    // A stall has no end, and a forgotten body is never read on.
    private static bool MustBeDrained(StreamRun run) => MayBeDrained(run) && run.Plan.Fate is not (Fate.Stall or Fate.Forgotten);

    // What a client can see of each fate. A client that is about to leave may meet the end first; nothing but a reset
    // or a broken promise may break a body.
    private static bool IsAllowed(Ending ending, Fate fate) => fate switch
    {
        Fate.ClientDisposes or Fate.ClientCancels or Fate.DestinationFails => ending is Ending.Left or Ending.ReachedEnd,
        Fate.NeverRead or Fate.Forgotten or Fate.Stall or Fate.RefusedUnread => ending is Ending.Left,
        Fate.ServerResets or Fate.ServerBreaksPromise => ending is Ending.Broke,
        _ => ending is Ending.ReachedEnd,
    };

    // The bytes that arrived decide first, and so take every race out: a reset, or a client that leaves, after the
    // terminal event leaves a complete answer; before it, it does not.
    private static (StreamOutcome Outcome, UsageStatus Status, int StatusCode) Expected(StreamRun run, Known known, long bytes)
    {
        int http = run.Plan.StatusCode;
        if (http >= 400)
        {
            return (StreamOutcome.ProviderError, UsageStatus.Failed, http);
        }

        if (known.ErrorStatus is { } error)
        {
            return (StreamOutcome.ProviderError, UsageStatus.Failed, error);
        }

        if (known.IsComplete)
        {
            return (StreamOutcome.Completed, UsageStatus.Completed, http);
        }

        return run.Ending switch
        {
            Ending.Left => (StreamOutcome.ClientAborted, UsageStatus.Cancelled, 499),
            Ending.Broke => (StreamOutcome.Interrupted, UsageStatus.Failed, 502),
            _ when bytes == 0 => (StreamOutcome.Empty, UsageStatus.Failed, 503),
            _ when run.Plan.Script.Protocol is null || known.Events == 0 => (StreamOutcome.Unreadable, UsageStatus.Failed, 502),
            _ => (StreamOutcome.Interrupted, UsageStatus.Failed, 502),
        };
    }

    // Reported counts exactly; what was not reported by the basic rule: 4 characters a token, at least 1, and never
    // below a placeholder.
    private static (TokenUsage Usage, TokenSource Input, TokenSource Output) Expected(StreamPlan plan, Known known, StreamOutcome outcome)
    {
        TokenUsage usage = known.Usage;
        TokenSource input = known.IsInputReported ? TokenSource.Reported : TokenSource.None;
        TokenSource output = known.IsOutputReported ? TokenSource.Reported : TokenSource.None;
        bool isRefused = outcome == StreamOutcome.ProviderError && !known.IsInputReported && !known.IsOutputReported && !known.HasOutput;
        if (isRefused || outcome is StreamOutcome.Empty or StreamOutcome.Unreadable)
        {
            return (usage, input, output);
        }

        if (input == TokenSource.None && plan.RequestLength > 0)
        {
            usage = usage with { InputTokens = Math.Max(1, plan.RequestLength / 4) };
            input = TokenSource.Estimated;
        }

        if (output == TokenSource.None)
        {
            long seen = known.Characters == 0 ? 0 : Math.Max(1, known.Characters / 4);
            usage = usage with { OutputTokens = Math.Max(usage.OutputTokens, seen) };
            output = usage.OutputTokens == 0 ? TokenSource.None : TokenSource.Estimated;
        }

        return (usage, input, output);
    }
}
