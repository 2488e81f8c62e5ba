using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace StreamUsage.GatewayTests.Support;

/// <summary>The gateway of samples/Gateway as a process of its own, on free ports, with its data in a temporary folder.</summary>
public sealed class GatewayProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(60);

    private readonly ConcurrentQueue<string> _output = new();
    private readonly IReadOnlyDictionary<string, string> _settings;
    private Process? _process;

    private GatewayProcess(string? dataFolder, IReadOnlyDictionary<string, string>? settings)
    {
        DataFolder = dataFolder ?? Directory.CreateTempSubdirectory("gateway").FullName;
        int[] ports = FreePorts(3);
        (Proxy, Admin) = (new Uri($"http://127.0.0.1:{ports[0]}/"), new Uri($"http://127.0.0.1:{ports[1]}/"));
        var all = new Dictionary<string, string>
        {
            ["ASPNETCORE_CONTENTROOT"] = Path.Combine(RepositoryRoot, "samples", "Gateway"),
            ["Gateway__DataFolder"] = DataFolder,
            ["Kestrel__Endpoints__Proxy__Url"] = $"http://127.0.0.1:{ports[0]}",
            ["Kestrel__Endpoints__Admin__Url"] = $"http://127.0.0.1:{ports[1]}",
            ["Kestrel__Endpoints__Demo__Url"] = $"http://127.0.0.1:{ports[2]}",
        };
        foreach (string cluster in (string[])["anthropic", "openai", "google"])
        {
            all[$"ReverseProxy__Clusters__{cluster}__Destinations__default__Address"] = $"http://127.0.0.1:{ports[2]}/";
        }

        foreach ((string name, string value) in settings ?? new Dictionary<string, string>())
        {
            all[name] = value;
        }

        _settings = all;
    }

    /// <summary>Gets where callers ask.</summary>
    public Uri Proxy { get; }

    /// <summary>Gets where the page is.</summary>
    public Uri Admin { get; }

    /// <summary>Gets the folder of usage.db and outbox.db. It stays when the process stops and goes when this is disposed.</summary>
    public string DataFolder { get; }

    /// <summary>Gets the id of the process.</summary>
    public int Id => _process?.Id ?? throw new InvalidOperationException("The gateway is not running.");

    /// <summary>Gets what the gateway has written, for the message of a failure.</summary>
    public string Output => string.Join(Environment.NewLine, _output);

    private static string RepositoryRoot { get; } = FindRepositoryRoot();

    /// <summary>Starts a gateway and waits until it has printed its addresses.</summary>
    /// <param name="dataFolder">A folder that is there already, or null for a new one.</param>
    /// <param name="settings">Environment variables, such as <c>Gateway__Demo</c>.</param>
    public static async Task<GatewayProcess> StartAsync(string? dataFolder = null, params (string Name, string Value)[] settings)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The gateway is stopped by SIGTERM, which Windows does not have.");
        var gateway = new GatewayProcess(dataFolder, settings.ToDictionary(static one => one.Name, static one => one.Value));
        await gateway.StartAgainAsync();
        return gateway;
    }

    /// <summary>Starts the process again on the same ports and data.</summary>
    public async Task StartAgainAsync()
    {
        // As the tests were built: .../bin/Debug/net10.0.
        string configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        string assembly = Path.Combine(RepositoryRoot, "samples", "Gateway", "bin", configuration, "net10.0", "Gateway.dll");
        var start = new ProcessStartInfo("dotnet", [assembly]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string value) in _settings)
        {
            start.Environment[name] = value;
        }

        var watch = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.Exited += (_, _) => watch.TrySetException(new InvalidOperationException("The gateway ended at once."));
        void Keep(object sender, DataReceivedEventArgs line)
        {
            if (line.Data is { } text)
            {
                _output.Enqueue(text);
                if (text.StartsWith("Watch ", StringComparison.Ordinal))
                {
                    watch.TrySetResult();
                }
            }
        }

        _process.OutputDataReceived += Keep;
        _process.ErrorDataReceived += Keep;
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        try
        {
            await watch.Task.WaitAsync(StartTime);
        }
        catch (Exception problem) when (problem is TimeoutException or InvalidOperationException)
        {
            await KillAsync();
            throw new InvalidOperationException($"The gateway did not start.{Environment.NewLine}{Output}", problem);
        }
    }

    /// <summary>Sends SIGTERM, and checks that the process ends with 0.</summary>
    /// <returns>How long that took.</returns>
    public async Task<TimeSpan> StopAsync()
    {
        Process process = _process ?? throw new InvalidOperationException("The gateway is not running.");
        var took = Stopwatch.StartNew();
        using (Process kill = Process.Start("kill", ["-TERM", $"{process.Id}"]))
        {
            await kill.WaitForExitAsync();
        }

        try
        {
            await process.WaitForExitAsync().WaitAsync(StopTime);
        }
        catch (TimeoutException)
        {
            await KillAsync();
            throw new InvalidOperationException($"The gateway did not stop within {StopTime}.{Environment.NewLine}{Output}");
        }

        process.ExitCode.Should().Be(0, "SIGTERM ends the gateway; it wrote: {0}", Output);
        Release();
        return took.Elapsed;
    }

    /// <summary>Ends the process by SIGKILL.</summary>
    public async Task KillAsync()
    {
        if (_process is { } process)
        {
            process.Kill();
            await process.WaitForExitAsync();
            Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_process is not null)
            {
                await StopAsync();
            }
        }
        finally
        {
            await KillAsync();
            Directory.Delete(DataFolder, recursive: true);
        }
    }

    private void Release()
    {
        _process?.Dispose();
        _process = null;
    }

    // All are held at once, so that each is another one.
    private static int[] FreePorts(int count)
    {
        TcpListener[] listeners = [.. Enumerable.Range(0, count).Select(static _ => new TcpListener(IPAddress.Loopback, 0))];
        try
        {
            return [.. listeners.Select(static listener =>
            {
                listener.Start();
                return ((IPEndPoint)listener.LocalEndpoint).Port;
            })];
        }
        finally
        {
            foreach (TcpListener listener in listeners)
            {
                listener.Dispose();
            }
        }
    }

    private static string FindRepositoryRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "StreamUsage.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("The tests are not in their repository.");
    }
}
