using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net.ServerSentEvents;
using StreamUsage.Benchmarks.Contenders;
using StreamUsage.Benchmarks.Workloads;

namespace StreamUsage.Benchmarks.Live;

/// <summary>What a good engineer writes by hand: the body is copied to a pipe, and a second task reads that with
/// SseParser and a Utf8JsonReader over each event's bytes.</summary>
internal sealed class TeeReader : LiveReader
{
    // The buffer of each is large; whoever writes this by hand keeps them too.
    private readonly ConcurrentBag<UsageByHand> _kept = [];

    public override string Name => "tee + SseParser by hand";

    public override async Task ReadAsync(HttpResponseMessage response, Workload workload, CancellationToken cancellationToken)
    {
        UsageByHand usage = _kept.TryTake(out UsageByHand? kept) ? kept : new UsageByHand();
        usage.Reset();
        var pipe = new Pipe();
        Task<long> parsing = ParseAsync(pipe.Reader, workload.Protocol, usage, cancellationToken);
        try
        {
            await ReadBodyAsync(response, workload, pipe.Writer, cancellationToken);
        }
        finally
        {
            await pipe.Writer.CompleteAsync();
        }

        Check("events", workload.EventCount, await parsing.WaitAsync(cancellationToken));
        Check("totals", workload.Totals, usage.ToTotals(workload.Protocol));
        _kept.Add(usage);
    }

    private static async Task<long> ParseAsync(PipeReader reader, Protocol protocol, UsageByHand usage, CancellationToken cancellationToken)
    {
        SseItemParser<bool> parser =
            protocol == Protocol.Claude ? (_, data) => ClaudeByHand.Read(data, usage) : (_, data) => ChatByHand.Read(data, usage);
        long events = 0;
        await using Stream stream = reader.AsStream();
        await foreach (SseItem<bool> _ in SseParser.Create(stream, parser).EnumerateAsync(cancellationToken))
        {
            events++;
        }

        return events;
    }
}
