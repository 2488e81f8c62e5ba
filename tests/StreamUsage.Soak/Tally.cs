using System.Collections.Concurrent;

namespace StreamUsage.Soak;

/// <summary>What the streams came to.</summary>
internal sealed class Tally
{
    private readonly ConcurrentDictionary<(Fate Fate, StreamOutcome Outcome), int> _outcomes = new();
    private readonly ConcurrentQueue<string> _faults = new();
    private int _faulty;
    private long _records, _http2, _bytes, _events, _outputReported, _outputEstimated;

    public long Records => Volatile.Read(ref _records);

    public int Faulty => Volatile.Read(ref _faulty);

    public void Add(StreamRun run, UsageRecord record)
    {
        _outcomes.AddOrUpdate((run.Plan.Fate, record.Outcome), 1, static (_, count) => count + 1);
        Interlocked.Increment(ref _records);
        Interlocked.Add(ref _http2, run.Plan.IsHttp2 ? 1 : 0);
        Interlocked.Add(ref _bytes, record.BytesReceived);
        Interlocked.Add(ref _events, record.EventCount);
        Interlocked.Add(ref _outputReported, record.OutputSource == TokenSource.Reported ? 1 : 0);
        Interlocked.Add(ref _outputEstimated, record.OutputSource == TokenSource.Estimated ? 1 : 0);
    }

    /// <summary>Something is off. The first ones are printed, the others counted.</summary>
    public void Fault(string what)
    {
        if (Interlocked.Increment(ref _faulty) <= 25)
        {
            _faults.Enqueue(what);
        }
    }

    public void Print(TextWriter to)
    {
        StreamOutcome[] outcomes = [.. Enum.GetValues<StreamOutcome>().Where(outcome => _outcomes.Keys.Any(key => key.Outcome == outcome))];
        to.WriteLine($"{"fate",-20}{string.Concat(outcomes.Select(static outcome => $"{outcome,15}"))}{"records",10}");
        foreach (Fate fate in Enum.GetValues<Fate>())
        {
            string counts = string.Concat(
                outcomes.Select(outcome => $"{(Count(fate, outcome) is > 0 and var count ? $"{count:N0}" : "-"),15}"));
            to.WriteLine($"{fate,-20}{counts}{outcomes.Sum(outcome => Count(fate, outcome)),10:N0}");
        }

        string sums = string.Concat(
            outcomes.Select(outcome => $"{Enum.GetValues<Fate>().Sum(fate => Count(fate, outcome)),15:N0}"));
        to.WriteLine($"{"all",-20}{sums}{_records,10:N0}");
        to.WriteLine();
        to.WriteLine($"records:   {_records:N0}, {_records - _http2:N0} over HTTP/1.1 and {_http2:N0} over HTTP/2; {_bytes / 1e6:N1} MB "
            + $"and {_events:N0} events received");
        to.WriteLine($"output:    {_outputReported:N0} reported and received, {_outputEstimated:N0} estimated, "
            + $"{_records - _outputReported - _outputEstimated:N0} none");
    }

    public void PrintFaults(TextWriter to)
    {
        foreach (string fault in _faults)
        {
            to.WriteLine("OFF: " + fault);
        }

        if (_faulty > _faults.Count)
        {
            to.WriteLine($"and {_faulty - _faults.Count:N0} more");
        }
    }

    private int Count(Fate fate, StreamOutcome outcome) => _outcomes.GetValueOrDefault((fate, outcome));
}
