using System.Globalization;
using System.Net;
using System.Text;

namespace StreamUsage.Soak;

/// <summary>The client: asks for a stream, tracks it, and reads it, or does not, as the plan has it.</summary>
internal sealed class Client(Provider provider, UsageTracker tracker, UsageTracker drainingTracker) : IDisposable
{
    private const int MaxAttempts = 5;

    private static readonly byte[] RequestBody = Encoding.ASCII.GetBytes(new string('q', 2_000));

    private readonly HttpClient _http = CreateClient(drainsMost: 1_000_000);

    // An HTTP/1.1 connection that is drained for reuse would be read by two at once where a read is still pending: who
    // disposes during a read has its connection closed instead.
    private readonly HttpClient _closingHttp = CreateClient(drainsMost: 0);

    private int _open, _mostOpen, _repeated;

    /// <summary>The most responses that were open at once.</summary>
    public int MostOpen => _mostOpen;

    /// <summary>Requests that were sent again because their connection broke before the headers came: nothing was
    /// tracked of those.</summary>
    public int Repeated => _repeated;

    public void Dispose()
    {
        _http.Dispose();
        _closingHttp.Dispose();
    }

    /// <summary>One stream from its request to the end of its reading. Returns its handle.</summary>
    public async Task<UsageTracking> RunAsync(StreamRun run)
    {
        StreamPlan plan = run.Plan;
        HttpResponseMessage response = await SendAsync(run);
        int open = Interlocked.Increment(ref _open);
        for (int most = _mostOpen; open > most; most = _mostOpen)
        {
            Interlocked.CompareExchange(ref _mostOpen, open, most);
        }

        UsageTracking tracking = response.TrackUsage(plan.IsDrained ? drainingTracker : tracker, new UsageContext
        {
            RequestId = run.Index.ToString(CultureInfo.InvariantCulture),
            ApiFormat = plan.ApiFormat,
            RequestBody = RequestBody.AsMemory(0, plan.RequestLength),
        });
        run.HasHeaders.SetResult();
        try
        {
            await (plan.Fate switch
            {
                Fate.NeverRead or Fate.RefusedUnread => LeaveUnreadAsync(run),
                Fate.Forgotten => ForgetAsync(run, response),
                Fate.ClientDisposes => DisposeAsync(run, response),
                Fate.ClientCancels => CancelAsync(run, response),
                Fate.DestinationFails => FailAsync(run, response),
                Fate.Stall => WaitInVainAsync(run, response),
                _ => ReadAsync(run, response, plan.Means, CancellationToken.None),
            });
        }
        finally
        {
            Interlocked.Decrement(ref _open);
            if (plan.Fate != Fate.Forgotten)
            {
                response.Dispose();
            }
        }

        return tracking;
    }

    private static HttpClient CreateClient(int drainsMost) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        EnableMultipleHttp2Connections = true,
        MaxConnectionsPerServer = int.MaxValue,
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
        ConnectTimeout = TimeSpan.FromSeconds(30),
        MaxResponseDrainSize = drainsMost,
        ResponseDrainTimeout = TimeSpan.FromMilliseconds(200),
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    private async Task<HttpResponseMessage> SendAsync(StreamRun run)
    {
        for (int attempt = 1; ; attempt++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, provider.AddressOf(run))
            {
                Version = run.Plan.IsHttp2 ? HttpVersion.Version20 : HttpVersion.Version11,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            };
            try
            {
                HttpClient http = run.Plan.Fate == Fate.ClientDisposes ? _closingHttp : _http;
                return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            }
            catch (HttpRequestException) when (attempt < MaxAttempts)
            {
                Interlocked.Increment(ref _repeated);
            }
        }
    }

    private static Task LeaveUnreadAsync(StreamRun run)
    {
        run.Ending = Ending.Left;
        return Task.CompletedTask;
    }

    private static async Task ForgetAsync(StreamRun run, HttpResponseMessage response)
    {
        if (run.Plan.LeaveAfter % 2 == 0)
        {
            Stream stream = await response.Content.ReadAsStreamAsync();
            byte[] buffer = new byte[64];
            int wanted = Math.Min(run.Plan.LeaveAfter, run.Plan.Cut);
            while (run.Seen < wanted)
            {
                run.See(buffer.AsSpan(0, await stream.ReadAsync(buffer.AsMemory(0, Math.Min(buffer.Length, wanted - run.Seen)))));
            }
        }

        run.Ending = Ending.Left;
    }

    // Between two reads: by the response or by its stream; or during a read, from another thread.
    private static async Task DisposeAsync(StreamRun run, HttpResponseMessage response)
    {
        var random = new Random(run.Plan.ClientSeed);
        Stream stream = await response.Content.ReadAsStreamAsync();
        if (!await ReadSomeAsync(run, stream, random, run.Plan.LeaveAfter))
        {
            run.Ending = Ending.ReachedEnd;
            return;
        }

        run.Ending = Ending.Left;
        switch (random.Next(3))
        {
            case 0:
                response.Dispose();
                break;
            case 1:
                await stream.DisposeAsync();
                break;
            default:
                // The read may get bytes that the record does not have, because the dispose came first, or the other
                // way round.
                run.IsSeenExact = false;
                ValueTask<int> read = stream.ReadAsync(new byte[random.Next(1, 5_000)]);
                await Task.Delay(random.Next(0, 30));
                response.Dispose();
                try
                {
                    await read;
                }
                catch (Exception fault) when (fault is IOException or ObjectDisposedException or OperationCanceledException)
                {
                    run.Fault = fault;
                }

                break;
        }
    }

    private static async Task CancelAsync(StreamRun run, HttpResponseMessage response)
    {
        using var cancellation = new CancellationTokenSource();
        if (run.Plan.Means is ReadMeans.StreamReads)
        {
            // After so many bytes, whatever else comes.
            var random = new Random(run.Plan.ClientSeed);
            Stream stream = await response.Content.ReadAsStreamAsync(CancellationToken.None);
            if (!await ReadSomeAsync(run, stream, random, run.Plan.LeaveAfter))
            {
                run.Ending = Ending.ReachedEnd;
                return;
            }

            cancellation.CancelAfter(random.Next(0, 20));
            await ReadStreamAsync(run, stream, random, false, cancellation.Token);
        }
        else
        {
            cancellation.CancelAfter(run.Plan.Patience);
            await ReadAsync(run, response, run.Plan.Means, cancellation.Token);
        }
    }

    private static async Task FailAsync(StreamRun run, HttpResponseMessage response)
    {
        using var destination = new SeeingStream(run, failsAfter: run.Plan.LeaveAfter);
        try
        {
            await response.Content.CopyToAsync(destination);
            run.Ending = Ending.ReachedEnd;
        }
        catch (Exception fault) when (destination.HasFailed)
        {
            run.Ending = Ending.Left;
            run.Fault = fault;
        }
    }

    // A client with a time limit between reads: the limit begins anew with each.
    private static async Task WaitInVainAsync(StreamRun run, HttpResponseMessage response)
    {
        Stream stream = await response.Content.ReadAsStreamAsync(CancellationToken.None);
        byte[] buffer = new byte[4_096];
        var patience = TimeSpan.FromMilliseconds(200 + run.Plan.Patience);
        try
        {
            while (true)
            {
                // One a read: a used one may have fired while its read was already served.
                using var cancellation = new CancellationTokenSource(patience);
                int length = await stream.ReadAsync(buffer, cancellation.Token);
                if (length == 0)
                {
                    run.Ending = Ending.ReachedEnd;
                    return;
                }

                run.See(buffer.AsSpan(0, length));
            }
        }
        catch (OperationCanceledException fault)
        {
            run.Ending = Ending.Left;
            run.Waited = patience;
            run.Fault = fault;
        }
    }

    private static async Task ReadAsync(StreamRun run, HttpResponseMessage response, ReadMeans means, CancellationToken token)
    {
        var random = new Random(run.Plan.ClientSeed);
        try
        {
            switch (means)
            {
                case ReadMeans.ContentCopy:
                    {
                        using var destination = new SeeingStream(run);
                        await response.Content.CopyToAsync(destination, token);
                        break;
                    }

                case ReadMeans.StreamCopy:
                    {
                        using var destination = new SeeingStream(run);
                        Stream stream = await response.Content.ReadAsStreamAsync(token);
                        await stream.CopyToAsync(destination, random.Next(1, 20_000), token);
                        break;
                    }

                case ReadMeans.AsString when run.Plan.Script.Protocol is not null:
                    run.IsSeenExact = false;
                    run.SeeText(await response.Content.ReadAsStringAsync(token));
                    run.IsSeenExact = true;
                    break;
                case ReadMeans.AsString or ReadMeans.AsBytes:
                    run.IsSeenExact = false;
                    run.See(await response.Content.ReadAsByteArrayAsync(token));
                    run.IsSeenExact = true;
                    break;
                default:
                    await ReadStreamAsync(
                        run, await response.Content.ReadAsStreamAsync(token), random, means == ReadMeans.ZeroByteReads, token);
                    return;
            }

            run.Ending = Ending.ReachedEnd;
        }
        catch (OperationCanceledException fault) when (token.IsCancellationRequested)
        {
            run.Ending = Ending.Left;
            run.Fault = fault;
        }
        catch (Exception fault) when (fault is IOException or HttpRequestException)
        {
            run.Ending = Ending.Broke;
            run.Fault = fault;
        }
    }

    private static async Task ReadStreamAsync(StreamRun run, Stream stream, Random random, bool waitsFirst, CancellationToken token)
    {
        byte[] buffer = new byte[random.Next(3) == 0 ? random.Next(1, 64) : random.Next(64, 16_384)];
        try
        {
            while (true)
            {
                if (waitsFirst)
                {
                    _ = await stream.ReadAsync(Memory<byte>.Empty, token);
                }

                int length = await stream.ReadAsync(buffer.AsMemory(0, random.Next(1, buffer.Length + 1)), token);
                if (length == 0)
                {
                    run.Ending = Ending.ReachedEnd;
                    return;
                }

                run.See(buffer.AsSpan(0, length));
            }
        }
        catch (OperationCanceledException fault) when (token.IsCancellationRequested)
        {
            run.Ending = Ending.Left;
            run.Fault = fault;
        }
        catch (IOException fault)
        {
            run.Ending = Ending.Broke;
            run.Fault = fault;
        }
    }

    // False where the body ended before.
    private static async Task<bool> ReadSomeAsync(StreamRun run, Stream stream, Random random, int wanted)
    {
        byte[] buffer = new byte[random.Next(1, 4_096)];
        while (run.Seen < wanted)
        {
            int length = await stream.ReadAsync(buffer);
            if (length == 0)
            {
                return false;
            }

            run.See(buffer.AsSpan(0, length));
        }

        return true;
    }

    /// <summary>A destination that compares what it is given, and may fail.</summary>
    private sealed class SeeingStream(StreamRun run, int failsAfter = int.MaxValue) : Stream
    {
        public bool HasFailed { get; private set; }

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Write(byte[] buffer, int offset, int count) => See(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer) => See(buffer);

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            See(buffer.Span);
            return ValueTask.CompletedTask;
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        // The bytes count as received, although the destination did not take them: the provider has produced them.
        private void See(ReadOnlySpan<byte> bytes)
        {
            run.See(bytes);
            if (run.Seen > failsAfter)
            {
                HasFailed = true;
                throw new IOException("The destination is full.");
            }
        }
    }
}
