using StreamUsage.Delivery.Outbox;

namespace StreamUsage.Recording.Journal;

/// <summary>Keeps the state of open responses in an outbox. The first state of each is written within a second of its
/// start, the next ones at most every three seconds while bytes come.</summary>
internal sealed class OpenJournal : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500), MinPause = TimeSpan.FromSeconds(3);

    private readonly OpenBodies _open;
    private readonly IRecordOutbox _outbox;
    private readonly TimeProvider _time;
    private readonly PeriodicTimer _timer;
    private Dictionary<TrackedBody, (long Bytes, long At)> _written = []; // What was last written of each open body, and when.

    public OpenJournal(OpenBodies open, IRecordOutbox outbox, TimeProvider time)
    {
        (_open, _outbox, _time) = (open, outbox, time);
        _timer = new PeriodicTimer(Interval, time);
        using (ExecutionContext.SuppressFlow())
        {
            _ = Task.Run(RunAsync);
        }
    }

    public void Dispose() => _timer.Dispose();

    private async Task RunAsync()
    {
        while (await _timer.WaitForNextTickAsync().ConfigureAwait(false))
        {
            if (!_open.IsEmpty || _written.Count != 0) // Once more after the last end, to forget the bodies.
            {
                await WriteAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task WriteAsync()
    {
        var written = new Dictionary<TrackedBody, (long Bytes, long At)>();
        var changed = new List<(TrackedBody Body, UsageRecord Record, long Bytes)>();
        foreach (TrackedBody body in _open.ToList())
        {
            if (body.StoredAnswerId is not null)
            {
                continue; // A fetch of a stored answer: only its end tells whether it has a record.
            }

            long bytes = body.BytesRead;
            bool isWritten = _written.TryGetValue(body, out (long Bytes, long At) last);
            bool isDue = !isWritten || (bytes != last.Bytes && _time.GetElapsedTime(last.At) >= MinPause);
            if (isDue && TryCreateOrphan(body) is { } record)
            {
                changed.Add((body, record, bytes));
            }

            if (isWritten)
            {
                written.Add(body, last);
            }
        }

        OpenRecord[] records = [.. changed.Select(static change => new OpenRecord(change.Record, () => change.Body.IsOpen))];
        if (records.Length != 0 && await _outbox.JournalAsync(records).ConfigureAwait(false))
        {
            foreach ((TrackedBody body, _, long bytes) in changed)
            {
                written[body] = (bytes, _time.GetTimestamp());
            }
        }

        _written = written;
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
