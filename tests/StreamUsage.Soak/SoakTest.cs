using System.Diagnostics;
using System.Runtime.CompilerServices;
using StreamUsage.Delivery;
using StreamUsage.Estimation;

namespace StreamUsage.Soak;

/// <summary>The run: a warm-up that fills every pool, then the streams, then the count.</summary>
internal sealed class SoakTest : IAsyncDisposable
{
    // Pools keep a little more or less from run to run. A tracker that kept 64 bytes of each of 20,000 streams would be
    // found.
    private const long MemoryTolerance = 1_280_000;

    private readonly SoakOptions _options;
    private readonly int _warmUp;
    private readonly StreamRun?[] _runs;
    private readonly CountingSink _sink;
    private readonly UsageTracker _tracker, _drainingTracker;
    private readonly Tally _tally = new();
    private long _peak;
    private int _next, _mostOpen, _repeated;

    private SoakTest(SoakOptions options)
    {
        _options = options;
        _warmUp = Math.Min(options.Streams, 2 * options.Concurrent);
        _runs = new StreamRun?[_warmUp + options.Streams];
        _sink = new CountingSink(_runs);
        _tracker = new UsageTracker(
            _sink, new StreamUsageOptions { Estimator = new CharacterTokenEstimator() }.CaptureHeader(Provider.IdHeader));
        _drainingTracker = new UsageTracker(_sink, new StreamUsageOptions
        {
            Estimator = new CharacterTokenEstimator(),
            DrainAbortedStreams =
                new DrainLimits { MaxTime = TimeSpan.FromSeconds(10), MaxBytes = 100_000_000, MaxConcurrent = options.Concurrent * 10 },
        }.CaptureHeader(Provider.IdHeader));
    }

    public static async Task<bool> RunAsync(SoakOptions options)
    {
        Console.WriteLine($"{options.Streams:N0} streams, {options.Concurrent:N0} at once, seed {options.Seed}");
        var test = new SoakTest(options); // Not disposed where it hangs: the process ends.
        Task<bool> run = test.RunAsync();
        if (await Task.WhenAny(run, Task.Delay(options.TimeLimit)) != run)
        {
            Console.WriteLine($"OFF: not done after {options.TimeLimit}");
            foreach (StreamRun hung in test._runs.OfType<StreamRun>().OrderBy(static run => run.Plan.Fate == Fate.Forgotten).Take(25))
            {
                Console.WriteLine($"     stream {hung.Index} ({hung.Plan.Fate}, HTTP/{(hung.Plan.IsHttp2 ? 2 : 1)}, "
                    + $"{hung.Plan.Means}): has headers {hung.HasHeaders.Task.IsCompleted}, sent {hung.Sent}, seen "
                    + $"{hung.Seen}, {hung.Ending}, {test._sink.RecordsOf(hung.Index)} records");
            }

            return false;
        }

        await test.DisposeAsync();
        return await run;
    }

    public async ValueTask DisposeAsync()
    {
        await _tracker.DisposeAsync();
        await _drainingTracker.DisposeAsync();
    }

    private async Task<bool> RunAsync()
    {
        var unused = new Tally();
        await PlayAsync(_warmUp, unused);
        long before = await LiveMemoryAsync(0);

        using var samples = new CancellationTokenSource();
        Task sampling = SampleAsync(samples.Token);
        var time = Stopwatch.StartNew();
        await PlayAsync(_runs.Length, _tally);
        time.Stop();
        await samples.CancelAsync();
        await sampling;
        long after = await LiveMemoryAsync(before + MemoryTolerance);

        for (int index = 0; index < _runs.Length; index++)
        {
            if (_sink.StartsOf(index) != 1 || _sink.RecordsOf(index) != 1)
            {
                _tally.Fault($"stream {index}: {_sink.StartsOf(index)} starts and {_sink.RecordsOf(index)} records");
            }
        }

        if (_sink.Early > 0)
        {
            _tally.Fault($"{_sink.Early} records came before their start");
        }

        if (after > before + MemoryTolerance)
        {
            _tally.Fault($"{(after - before) / 1e6:N2} MB more are alive than before");
        }

        Print(time.Elapsed, before, after, unused);
        return _tally.Faulty == 0 && unused.Faulty == 0;
    }

    private void Print(TimeSpan time, long before, long after, Tally warmUp)
    {
        Console.WriteLine();
        _tally.Print(Console.Out);
        Console.WriteLine($"time:      {time.TotalSeconds:N1} s, at most {_mostOpen:N0} open at once; {_repeated:N0} requests sent again, "
            + "their connection broke before the headers");
        Console.WriteLine($"memory:    {before / 1e6:N2} MB live before, {_peak / 1e6:N2} MB at the peak (garbage included), "
            + $"{after / 1e6:N2} MB live after");
        Console.WriteLine();
        warmUp.PrintFaults(Console.Out);
        _tally.PrintFaults(Console.Out);
        Console.WriteLine(_tally.Faulty == 0 && warmUp.Faulty == 0
            ? $"{_tally.Records:N0} of {_options.Streams:N0} streams right: one record each, its outcome and its counts as the server's "
                + "script has them. Memory is back where it was."
            : "Something is off.");
    }

    // Streams up to a number, through a server and a client of their own, and nothing of them left alive.
    private async Task PlayAsync(int end, Tally tally)
    {
        int begin = _next;
        await using (Provider provider = await Provider.StartAsync(_runs))
        {
            using var client = new Client(provider, _tracker, _drainingTracker);
            await Task.WhenAll(Enumerable.Range(0, _options.Concurrent).Select(_ => Task.Run(() => WorkAsync(client, end, tally))));
            await CollectForgottenAsync(begin, end, tally);
            _mostOpen = client.MostOpen;
            _repeated = client.Repeated;
        }

        _next = end;
    }

    private async Task WorkAsync(Client client, int end, Tally tally)
    {
        int index;
        while ((index = Interlocked.Increment(ref _next) - 1) < end)
        {
            var run = new StreamRun(index, StreamPlan.Create(_options.Seed, index));
            _runs[index] = run;
            try
            {
                UsageTracking tracking = await client.RunAsync(run);
                if (run.Plan.Fate != Fate.Forgotten)
                {
                    UsageRecord record = await tracking.Completion;
                    if (!ReferenceEquals(record, run.Record) || await tracking.Delivery != DeliveryResult.Delivered)
                    {
                        tally.Fault($"{Describe(run)}: the handle has another record than the sink");
                    }

                    Conclude(run, tally);
                }
            }
            catch (Exception fault)
            {
                tally.Fault($"{Describe(run)}: {fault}");
                _runs[index] = null;
            }
        }
    }

    // Only a collection ends a response that was forgotten.
    private async Task CollectForgottenAsync(int begin, int end, Tally tally)
    {
        for (int round = 0; round < 100; round++)
        {
            bool isAnyLeft = false;
            for (int index = begin; index < end; index++)
            {
                if (_runs[index] is not { } run)
                {
                    continue;
                }

                if (run.Record is not null)
                {
                    Conclude(run, tally);
                }
                else
                {
                    isAnyLeft = true;
                }
            }

            if (!isAnyLeft)
            {
                return;
            }

            await CollectAsync();
        }

        for (int index = begin; index < end; index++)
        {
            if (_runs[index] is { } run)
            {
                tally.Fault($"{Describe(run)}: no record");
                _runs[index] = null;
            }
        }
    }

    private void Conclude(StreamRun run, Tally tally)
    {
        UsageRecord record = run.Record!;
        tally.Add(run, record);
        foreach (string fault in Judge.FindFaults(run, record))
        {
            tally.Fault($"{Describe(run)}: {fault}");
        }

        _runs[run.Index] = null;
    }

    private static string Describe(StreamRun run) => $"stream {run.Index} ({run.Plan.Fate}, HTTP/{(run.Plan.IsHttp2 ? 2 : 1)}, "
        + $"{run.Plan.Script.Protocol ?? "no answer"}, {run.Plan.Means}{(run.Plan.IsDrained ? ", drained" : "")})";

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task CollectAsync()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        await Task.Delay(100);
    }

    // What is alive, once what was closed last has gone too. The shared array pool lets go of what nobody has asked for
    // in a minute, and the large events fill it.
    private static async Task<long> LiveMemoryAsync(long goal)
    {
        long least = long.MaxValue;
        var time = Stopwatch.StartNew();
        for (int round = 0; (round < 5 || goal > 0) && least > goal && time.Elapsed < TimeSpan.FromSeconds(75); round++)
        {
            await CollectAsync();
            least = Math.Min(least, GC.GetTotalMemory(forceFullCollection: true));
        }

        return least;
    }

    private async Task SampleAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            _peak = Math.Max(_peak, GC.GetTotalMemory(forceFullCollection: false));
            await Task.Delay(200, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
