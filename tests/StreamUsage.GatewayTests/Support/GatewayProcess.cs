using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace StreamUsage.GatewayTests.Support;

/// <summary>The gateway as a process of its own, with its data in a folder that outlives it.</summary>
public sealed class GatewayProcess : IAsyncDisposable
{
    // Far more than a quiet machine needs: other suites may run beside this one.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static int _lastPort = Random.Shared.Next(20_000, 30_000);

    private readonly Dictionary<string, string> _settings;
    private readonly StringBuilder _output = new();
    private Process _process = null!;

    private GatewayProcess(Dictionary<string, string> settings)
    {
        _settings = settings;
        Http = new HttpClient { Timeout = Patience };
    }

    public string Folder => _settings["Gateway__DataFolder"];

    public Uri Proxy => new(_settings["Kestrel__Endpoints__Proxy__Url"]);

    public Uri Admin => new(_settings["Kestrel__Endpoints__Admin__Url"]);

    /// <summary>A client for both ports.</summary>
    public HttpClient Http { get; }

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    public static async Task<GatewayProcess> StartAsync(
        bool demo = false, Uri? upstream = null, params (string Key, string Value)[] settings)
    {
        Dictionary<string, string> all = new()
        {
            ["Gateway__DataFolder"] = Directory.CreateTempSubdirectory("gateway").FullName,
            ["Gateway__Demo"] = demo.ToString(),
            ["Kestrel__Endpoints__Proxy__Url"] = $"http://127.0.0.1:{FreePort()}",
            ["Kestrel__Endpoints__Admin__Url"] = $"http://127.0.0.1:{FreePort()}",
            ["Kestrel__Endpoints__Demo__Url"] = $"http://127.0.0.1:{FreePort()}",
            ["ASPNETCORE_CONTENTROOT"] = ContentRoot(),
        };
        foreach (string cluster in (string[])["anthropic", "openai", "google"])
        {
            all[$"ReverseProxy__Clusters__{cluster}__Destinations__default__Address"] =
                upstream?.ToString() ?? all["Kestrel__Endpoints__Demo__Url"] + "/";
        }

        foreach ((string key, string value) in settings)
        {
            all[key] = value;
        }

        var gateway = new GatewayProcess(all);
        await gateway.RestartAsync();
        return gateway;
    }

    /// <summary>Starts a process with the same ports and data after the one before has ended.</summary>
    public async Task RestartAsync()
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Gateway.dll")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string key, string value) in _settings)
        {
            start.Environment[key] = value;
        }

        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        var waited = Stopwatch.StartNew();
        while (!await AnswersAsync())
        {
            (waited.Elapsed < Patience && !_process.HasExited).Should().BeTrue("the gateway starts; it said: {0}", Output);
            await Task.Delay(50);
        }
    }

    /// <summary>Stops it as a service manager does.</summary>
    /// <returns>The exit code.</returns>
    public Task<int> TerminateAsync() => EndAsync(signal: 15);

    /// <summary>Ends it at once.</summary>
    /// <returns>The exit code.</returns>
    public Task<int> KillAsync() => EndAsync(signal: 9);

    public async Task<JsonElement> GetAsync(string path) => await Http.GetFromJsonAsync<JsonElement>(new Uri(Admin, path));

    /// <summary>Reads what an open page would get now.</summary>
    public async Task<JsonElement> ReadLiveAsync()
    {
        await using Stream live = await Http.GetStreamAsync(new Uri(Admin, "live"));
        await foreach (SseItem<string> item in SseParser.Create(live).EnumerateAsync())
        {
            return JsonElement.Parse(item.Data);
        }

        throw new InvalidOperationException("The gateway sent no snapshot.");
    }

    /// <summary>Waits until something holds.</summary>
    public async Task UntilAsync(Func<Task<bool>> holds)
    {
        var waited = Stopwatch.StartNew();
        while (!await holds())
        {
            waited.Elapsed.Should().BeLessThan(Patience, "it said: {0}", Output);
            await Task.Delay(50);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int Signal(int process, int signal);

    private static string ContentRoot()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "StreamUsage.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests are not in the repository.");
        }

        return Path.Combine(folder, "samples", "Gateway");
    }

    // Lower than the ports that a system gives to connections, and to servers that ask for any: none of them takes it
    // before the gateway listens, or while it restarts.
    private static int FreePort()
    {
        while (true)
        {
            int port = Interlocked.Increment(ref _lastPort);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // It is in use.
            }
        }
    }

    private async Task<int> EndAsync(int signal)
    {
        Signal(_process.Id, signal).Should().Be(0);
        using var limit = new CancellationTokenSource(Patience);
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            using HttpResponseMessage health = await Http.GetAsync(new Uri(Admin, "health"));
            return health.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private void Keep(string? line)
    {
        lock (_output)
        {
            _output.AppendLine(line);
        }
    }
}
