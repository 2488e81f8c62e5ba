using System.Net;
using StreamUsage.Benchmarks.Contenders;
using StreamUsage.Benchmarks.Streams;
using StreamUsage.Benchmarks.Workloads;
using StreamUsage.Delivery;

namespace StreamUsage.Benchmarks.Live;

/// <summary>Live managed memory of the client while thousands of streams are open on a few HTTP/2 connections: each has
/// given one event and is waited for.</summary>
internal sealed class OpenStreamMemory(ProviderProcess provider, int streams)
{
    private const int Rounds = 3, Events = 50, OpenedAtOnce = 200, BufferSize = 2_048;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static int lastGate;

    private readonly HttpResponseMessage?[] _responses = new HttpResponseMessage?[streams];
    private readonly Stream?[] _bodies = new Stream?[streams];
    private readonly UsageTracking?[] _trackings = new UsageTracking?[streams];
    private readonly Task<int>?[] _pending = new Task<int>?[streams];
    private readonly byte[] _buffers = new byte[streams * BufferSize];
    private readonly Workload _workload = LiveWorkloads.Get("claude", Events);

    public async Task<LiveTable> MeasureAsync()
    {
        List<double> untracked = [], tracked = [];
        using HttpClient client = ProviderProcess.CreateClient();

        // A round ahead of the others opens the connections and fills the pools: what is made once is not a stream's.
        for (int round = -1; round < Rounds; round++)
        {
            double without = await MeasureAsync(client, isTracked: false), with = await MeasureAsync(client, isTracked: true);
            if (round >= 0)
            {
                untracked.Add(without);
                tracked.Add(with);
            }
        }

        var table = new LiveTable(
            $"Live memory of {streams:N0} open streams over HTTP/2, each with one event read and a read pending (bytes a stream, its "
                + $"buffer not counted; median of {Rounds})",
            ["", "untracked", "tracked", "more"]);
        table.Add("bytes a stream", $"{Lane.Median(untracked):N0}",
            $"{Lane.Median(tracked):N0}", $"{Lane.Median(tracked.Zip(untracked, static (with, without) => with - without)):N0}");
        return table;
    }

    private async Task<double> MeasureAsync(HttpClient client, bool isTracked)
    {
        var sink = new CountingSink();
        await using var tracker = new UsageTracker(sink);
        StreamAddress address = new("claude", Events) { Gate = $"open-{Interlocked.Increment(ref lastGate)}", EventsBeforeGate = 1 };
        int opened = 0, ended = 0;
        string lane = isTracked ? "tracked" : "untracked";
        long before = IdleMemory.LiveBytes();
        await TimeLimit.RunAsync(
            () => $"opening streams, {lane} ({opened:N0} of {streams:N0})", Limit, stop => ForEachAsync(async (i, cancellationToken) =>
            {
                await OpenAsync(client, address, i, isTracked ? tracker : null, cancellationToken);
                Interlocked.Increment(ref opened);
            }, stop));
        double bytes = (IdleMemory.LiveBytes() - before) / (double)streams;

        await TimeLimit.RunAsync(() => $"open streams, {lane}: reading their rest ({ended:N0} of {streams:N0} read)", Limit, async stop =>
        {
            (await provider.GetAsync(client, address with { Events = 0 }, HttpVersion.Version20, stop)).Dispose();
            await ForEachAsync(async (i, cancellationToken) =>
            {
                await EndAsync(i, cancellationToken);
                Interlocked.Increment(ref ended);
            }, stop);
            await tracker.DisposeAsync();
        });
        return sink.Recorded == (isTracked ? streams : 0)
            ? bytes : throw new WrongAnswerException($"open streams, {lane}: {sink.Recorded} records of {streams}");
    }

    private Task ForEachAsync(Func<int, CancellationToken, ValueTask> act, CancellationToken cancellationToken) =>
        Parallel.ForAsync(
            0, streams, new ParallelOptions { MaxDegreeOfParallelism = OpenedAtOnce, CancellationToken = cancellationToken }, act);

    private async Task OpenAsync(
        HttpClient client, StreamAddress address, int i, UsageTracker? tracker, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await provider.GetAsync(client, address, HttpVersion.Version20, cancellationToken);
        _responses[i] = response;
        _trackings[i] = tracker is null ? null : response.TrackUsage(tracker, new UsageContext { RequestId = "benchmark" });
        Stream body = await response.Content.ReadAsStreamAsync(cancellationToken);
        _bodies[i] = body;
        await body.ReadAtLeastAsync(BufferOf(i)[.._workload.EventEnds[0]], _workload.EventEnds[0], cancellationToken: cancellationToken);

        // No token: its registration would be one more thing that is counted, and the pending reads end with the
        // process if not before.
        _pending[i] = body.ReadAsync(BufferOf(i), CancellationToken.None).AsTask();
    }

    private async Task EndAsync(int i, CancellationToken cancellationToken)
    {
        int position = _workload.EventEnds[0];
        for (int length = await _pending[i]!.WaitAsync(cancellationToken);
            length != 0; length = await _bodies[i]!.ReadAsync(BufferOf(i), cancellationToken))
        {
            position += length;
        }

        if (position != _workload.Body.Length)
        {
            throw new WrongAnswerException($"an open stream ended after {position:N0} of {_workload.Body.Length:N0} bytes");
        }

        if (_trackings[i] is { } tracking)
        {
            TrackedReader.Check(await tracking.Completion.WaitAsync(cancellationToken), _workload);
        }

        _responses[i]!.Dispose();
        (_responses[i], _bodies[i], _trackings[i], _pending[i]) = (null, null, null, null);
    }

    private Memory<byte> BufferOf(int i) => _buffers.AsMemory(i * BufferSize, BufferSize);
}
