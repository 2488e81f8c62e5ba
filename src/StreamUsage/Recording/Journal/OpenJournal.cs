using StreamUsage.Delivery.Outbox;

namespace StreamUsage.Recording.Journal;

/// <summary>Keeps the state of open responses in an outbox: each within a second of its start, and then at most every
/// few seconds while bytes come.</summary>
internal sealed class OpenJournal : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500), MinPause = TimeSpan.FromSeconds(3);

    private readonly OpenBodies _open;
    private readonly IRecordOutbox _outbox;
    private readonly TimeProvider _time;
    private readonly PeriodicTimer _timer;
    private Dictionary<TrackedBody, (long Bytes, long At)> _written = [];

    public OpenJournal(OpenBodies open, IRecordOutbox outbox, TimeProvider time)
    {
        (_open, _outbox, _time) = (open, outbox, time);
        _timer = new PeriodicTimer(Interval, time);
        using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
        {
            _ = Task.Run(RunAsync);
        }
    }

    public void Dispose() => _timer.Dispose();

    private async Task RunAsync()
    {
        while (await _timer.WaitForNextTickAsync().ConfigureAwait(false))
        {
            if (!_open.IsEmpty || _written.Count != 0)
            {
                await WriteAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task WriteAsync()
    {
        var known = new Dictionary<TrackedBody, (long Bytes, long At)>();
        var changed = new List<(TrackedBody Body, UsageRecord Record, long Bytes)>();
        foreach (TrackedBody body in _open.ToList())
        {
            if (body.StoredAnswerId is not null)
            {
                continue; // Whether this response bills the answer is known at its end.
            }

            long bytes = body.BytesRead;
            bool isKnown = _written.TryGetValue(body, out (long Bytes, long At) last);
            bool isDue = !isKnown || (bytes != last.Bytes && _time.GetElapsedTime(last.At) >= MinPause);
            if (isDue && TryCreateOrphan(body) is { } record)
            {
                changed.Add((body, record, bytes));
            }

            if (isKnown)
            {
                known.Add(body, last);
            }
        }

        OpenRecord[] records = [.. changed.Select(static change => new OpenRecord(change.Record, () => change.Body.IsOpen))];
        if (records.Length != 0 && await _outbox.JournalAsync(records).ConfigureAwait(false))
        {
            foreach ((TrackedBody body, _, long bytes) in changed)
            {
                known[body] = (bytes, _time.GetTimestamp());
            }
        }

        _written = known;
    }

    private static UsageRecord? TryCreateOrphan(TrackedBody body)
    {
        try
        {
            return body.TryCreateOrphan();
        }
        catch (Exception)
        {
            return null; // A custom parser's state may throw. The record will report it.
        }
    }
}
