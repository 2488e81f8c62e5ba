using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using StreamUsage.Benchmarks.Workloads;
using StreamUsage.Tests.Linked;

namespace StreamUsage.Benchmarks.Live;

/// <summary>
/// The provider, in a process of its own so that the other's CPU time is the client's alone. Every event of an answer
/// is flushed by itself. <see cref="StreamAddress"/> has the paths. It says its ports, HTTP/1.1 and HTTP/2, on its
/// standard output, and ends when its standard input does: with the process that started it, however that ends.
/// </summary>
internal sealed class LiveProvider
{
    public const string Command = "live-provider";

    private readonly ConcurrentDictionary<string, Gate> _gates = new();

    public static async Task RunAsync()
    {
        await using LoopbackServer server = await LoopbackServer.StartAsync(new LiveProvider().AnswerAsync);
        Console.WriteLine($"{server.Address.Port} {server.Http2Address.Port}");
        await Console.OpenStandardInput().CopyToAsync(Stream.Null);
    }

    private async Task AnswerAsync(HttpContext context)
    {
        try
        {
            var address = StreamAddress.Parse(context.Request);
            if (address.Events == 0)
            {
                GateOf(address).Open();
                return;
            }

            await WriteAsync(context, address);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has left: nobody waits for the rest.
        }
    }

    private async Task WriteAsync(HttpContext context, StreamAddress address)
    {
        CancellationToken left = context.RequestAborted;
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        context.Response.Headers["request-id"] = context.Connection.Id + context.TraceIdentifier;
        Workload workload = LiveWorkloads.Get(address.Workload, address.Events);
        using PeriodicTimer? timer = address.Pace > TimeSpan.Zero ? new PeriodicTimer(address.Pace) : null;
        if (timer is not null)
        {
            // Each has a beat of its own: they do not all write at once.
            await Task.Delay(Random.Shared.Next((int)address.Pace.TotalMilliseconds), left);
        }

        for (int i = 0, from = 0; i < workload.EventCount; from = workload.EventEnds[i++])
        {
            if (timer is not null)
            {
                await timer.WaitForNextTickAsync(left);
            }

            if (address.Gate is not null && i == address.EventsBeforeGate)
            {
                await GateOf(address).ArriveAsync(address.StreamsAtGate, left);
            }

            await context.Response.Body.WriteAsync(workload.Body.AsMemory(from..workload.EventEnds[i]), left);
            await context.Response.Body.FlushAsync(left);
        }
    }

    private Gate GateOf(StreamAddress address) => _gates.GetOrAdd(address.Gate ?? "", static _ => new Gate());
}
