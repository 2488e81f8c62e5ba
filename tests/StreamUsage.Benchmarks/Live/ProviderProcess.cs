using System.Diagnostics;
using System.Globalization;
using StreamUsage.Delivery;

namespace StreamUsage.Benchmarks.Live;

/// <summary>The provider's process, seen from the client: asked for streams, and ended with the run.</summary>
internal sealed class ProviderProcess : IAsyncDisposable
{
    private static readonly TimeSpan TimeToStart = TimeSpan.FromSeconds(20), TimeToEnd = TimeSpan.FromSeconds(5);

    private readonly Process _process;
    private int _port1, _port2;

    private ProviderProcess(Process process) => _process = process;

    /// <summary>A client for one measurement's streams: no proxy, and as many connections as are needed.</summary>
    public static HttpClient CreateClient() =>
        new(new SocketsHttpHandler { UseProxy = false, EnableMultipleHttp2Connections = true }) { Timeout = Timeout.InfiniteTimeSpan };

    public static async Task<ProviderProcess> StartAsync()
    {
        // This executable, or the runtime's host where that was started with this assembly.
        string executable = Environment.ProcessPath!;
        var start =
            new ProcessStartInfo(executable) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
        if (Path.GetFileNameWithoutExtension(executable) == "dotnet")
        {
            start.ArgumentList.Add(typeof(ProviderProcess).Assembly.Location);
        }

        start.ArgumentList.Add(LiveProvider.Command);
        var provider = new ProviderProcess(Process.Start(start)!);
        try
        {
            await TimeLimit.RunAsync(static () => "the provider's start", TimeToStart, provider.ReadPortsAsync);
            return provider;
        }
        catch
        {
            await provider.DisposeAsync();
            throw;
        }
    }

    /// <summary>Asks for a stream and returns when its headers have come.</summary>
    public async Task<HttpResponseMessage> GetAsync(
        HttpClient client, StreamAddress address, Version version, CancellationToken cancellationToken)
    {
        var uri = new Uri(
            string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{(version.Major == 1 ? _port1 : _port2)}{address}"));
        using var request = new HttpRequestMessage(HttpMethod.Get,
            uri)
        { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        return response.EnsureSuccessStatusCode();
    }

    public async ValueTask DisposeAsync()
    {
        using (_process)
        {
            try
            {
                _process.StandardInput.Close();
                await _process.WaitForExitAsync().WaitAsync(TimeToEnd);
            }
            catch (Exception fault) when (fault is TimeoutException or IOException)
            {
                Console.Error.WriteLine($"The provider did not end by itself ({fault.Message}) and is killed.");
                _process.Kill();
            }
        }
    }

    private async Task ReadPortsAsync(CancellationToken cancellationToken)
    {
        string line = await _process.StandardOutput.ReadLineAsync(cancellationToken)
            ?? throw new IOException("The provider ended before it said its ports.");
        string[] ports = line.Split(' ');
        _port1 = int.Parse(ports[0], CultureInfo.InvariantCulture);
        _port2 = int.Parse(ports[1], CultureInfo.InvariantCulture);
    }
}
