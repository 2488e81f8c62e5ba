using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace StreamUsage.Benchmarks.Gateways;

/// <summary>What the gateway of the samples adds to the same YARP proxy without it: time from the provider's write of
/// an event to the caller's read of it, CPU time a stream, and memory.</summary>
internal static class GatewayCost
{
    private const int Rounds = 7;
    private const int Events = 100;
    private const int Pause = 20;
    private const string Question =
        """{"model":"claude-demo-1","max_tokens":1000,"stream":true,"messages":[{"role":"user","content":"Why is the sky blue?"}]}""";

    public static async Task RunAsync()
    {
        await using PacedProvider provider = await PacedProvider.StartAsync(Events, Pause);
        string folder = Directory.CreateTempSubdirectory("gateway").FullName;
        ProxyProcess[] proxies = [ProxyProcess.StartPlain(provider.Address), ProxyProcess.StartGateway(provider.Address, folder)];
        using var http = new HttpClient();
        try
        {
            foreach (ProxyProcess proxy in proxies)
            {
                await WaitAsync(http, proxy);
                for (int warmUp = 0; warmUp < 5; warmUp++)
                {
                    await MeasureAsync(http, proxy, 100);
                }
            }

            Console.WriteLine($"{Events} events a stream, {Pause} ms apart; {Rounds} rounds in turn: medians, of CPU the mean");
            Console.WriteLine("| streams at once | proxy | event p50 | p99 | CPU a stream | memory |");
            Console.WriteLine("| --: | --- | --: | --: | --: | --: |");
            foreach (int streams in (int[])[1, 20, 100])
            {
                var results = proxies.ToDictionary(static proxy => proxy, static _ => new List<Result>());
                for (int round = 0; round < Rounds; round++)
                {
                    foreach (ProxyProcess proxy in proxies)
                    {
                        results[proxy].Add(await MeasureAsync(http, proxy, streams));
                    }
                }

                foreach ((ProxyProcess proxy, List<Result> rounds) in results)
                {
                    Console.WriteLine($"| {streams} | {proxy.Name} | {Median(rounds, static r => r.P50):F0} µs | "
                        + $"{Median(rounds, static r => r.P99):F0} µs "
                        + $"| {rounds.Average(static r => r.Cpu):F2} ms | {proxy.Memory >> 20} MiB |");
                }
            }
        }
        finally
        {
            foreach (ProxyProcess proxy in proxies)
            {
                proxy.Dispose();
            }

            Directory.Delete(folder, recursive: true);
        }
    }

    private static double Median(List<Result> rounds, Func<Result, double> figure) =>
        rounds.Select(figure).Order().ElementAt(rounds.Count / 2);

    private static async Task<Result> MeasureAsync(HttpClient http, ProxyProcess proxy, int streams)
    {
        TimeSpan cpu = proxy.Cpu;
        double[][] delays = await Task.WhenAll(Enumerable.Range(0, streams).Select(_ => ReadAsync(http, proxy)));
        double[] sorted = [.. delays.SelectMany(static of => of).Order()];
        return new Result(sorted[sorted.Length / 2], sorted[sorted.Length * 99 / 100], (proxy.Cpu - cpu).TotalMilliseconds / streams);
    }

    private static async Task<double[]> ReadAsync(HttpClient http, ProxyProcess proxy)
    {
        using HttpRequestMessage request = Ask(proxy);
        using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        await using Stream body = await response.Content.ReadAsStreamAsync();
        var delays = new List<double>(Events);
        byte[] buffer = new byte[16 * 1024];
        while (await body.ReadAsync(buffer) is var read && read != 0)
        {
            long now = Stopwatch.GetTimestamp();
            ReadOnlySpan<byte> rest = buffer.AsSpan(0, read);
            while (rest.IndexOf((byte)'@') is var at && at >= 0)
            {
                rest = rest[(at + 1)..];
                if (rest.IndexOf((byte)' ') is var end and > 0
                    && long.TryParse(rest[..end], CultureInfo.InvariantCulture, out long written))
                {
                    delays.Add(Stopwatch.GetElapsedTime(written, now).TotalMicroseconds);
                }
            }
        }

        return [.. delays];
    }

    private static HttpRequestMessage Ask(ProxyProcess proxy)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(proxy.Address, "v1/messages"))
        {
            Content = new StringContent(Question, Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("x-api-key", "demo-alice");
        return request;
    }

    private static async Task WaitAsync(HttpClient http, ProxyProcess proxy)
    {
        for (int tries = 0; ; tries++)
        {
            try
            {
                using HttpResponseMessage response = await http.GetAsync(proxy.Address);
                return;
            }
            catch (HttpRequestException) when (tries < 300)
            {
                await Task.Delay(100);
            }
        }
    }

    private readonly record struct Result(double P50, double P99, double Cpu);
}
