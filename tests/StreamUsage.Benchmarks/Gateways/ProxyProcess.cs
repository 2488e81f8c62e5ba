using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace StreamUsage.Benchmarks.Gateways;

/// <summary>A proxy as a process, whose CPU time and memory can be read.</summary>
internal sealed class ProxyProcess : IDisposable
{
    private readonly Process _process;

    private ProxyProcess(string name, int port, Process process)
    {
        Name = name;
        Address = new Uri($"http://127.0.0.1:{port}/");
        _process = process;
    }

    public string Name { get; }

    public Uri Address { get; }

    public TimeSpan Cpu
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    public long Memory
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    public static ProxyProcess StartPlain(string upstream)
    {
        int port = FreePort();
        return new ProxyProcess("YARP", port, Start([Environment.ProcessPath!, PlainProxy.Command, $"{port}", upstream], []));
    }

    public static ProxyProcess StartGateway(string upstream, string folder)
    {
        int port = FreePort();
        string root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "StreamUsage.sln")))
        {
            root = Path.GetDirectoryName(root)!;
        }

        string sample = Path.Combine(root, "samples", "Gateway");
        return new ProxyProcess(
            "the gateway", port, Start(["dotnet", Path.Combine(sample, "bin", "Release", "net10.0", "Gateway.dll")], new()
            {
                ["ASPNETCORE_CONTENTROOT"] = sample,
                ["Gateway__Demo"] = "false",
                ["Gateway__DataFolder"] = folder,
                ["Gateway__Keys__0__DailyBudget"] = "1000000",
                ["ReverseProxy__Clusters__anthropic__Destinations__default__Address"] = upstream,
                ["Kestrel__Endpoints__Proxy__Url"] = $"http://127.0.0.1:{port}",
                ["Kestrel__Endpoints__Admin__Url"] = $"http://127.0.0.1:{FreePort()}",
                ["Kestrel__Endpoints__Demo__Url"] = $"http://127.0.0.1:{FreePort()}",
            }));
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static Process Start(string[] command, Dictionary<string, string> settings)
    {
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true };
        foreach ((string key, string value) in settings)
        {
            start.Environment[key] = value;
        }

        Process process = Process.Start(start)!;
        process.OutputDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        return process;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
