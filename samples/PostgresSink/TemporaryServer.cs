using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace PostgresSink;

/// <summary>Represents a PostgreSQL server of its own, in a temporary folder, from the binaries of the
/// system.</summary>
internal sealed class TemporaryServer : IAsyncDisposable
{
    private readonly string _binaries, _folder;
    private readonly int _port = FreePort();

    private TemporaryServer(string binaries, string folder) => (_binaries, _folder) = (binaries, folder);

    public string ConnectionString => $"Host=127.0.0.1;Port={_port};Username=postgres;Database=postgres;Timeout=5;Command Timeout=10";

    /// <summary>Creates and starts a server; null if the system has no PostgreSQL.</summary>
    public static async Task<TemporaryServer?> StartAsync()
    {
        string? initdb = Candidates().Select(static folder => Path.Combine(folder, "initdb")).FirstOrDefault(File.Exists);
        if (initdb is null)
        {
            return null;
        }

        var server = new TemporaryServer(Path.GetDirectoryName(initdb)!, Directory.CreateTempSubdirectory("postgres").FullName);
        if (Environment.IsPrivilegedProcess)
        {
            await RunAsync("chown", "postgres", server._folder); // The server refuses to run as root.
        }

        await server.AsServerAsync("initdb", "-D", server.Data, "-U", "postgres", "-A", "trust", "-N");
        await server.StartAgainAsync();
        return server;
    }

    public Task StartAgainAsync() => AsServerAsync(
        "pg_ctl", "-D", Data, "-w", "-l", Path.Combine(_folder, "log"), "-o", $"-p {_port} -h 127.0.0.1 -k {_folder}", "start");

    /// <summary>Kills the server, as a failing machine would.</summary>
    public async Task KillAsync()
    {
        int process = int.Parse((await File.ReadAllLinesAsync(Path.Combine(Data, "postmaster.pid")))[0], CultureInfo.InvariantCulture);
        using (Process server = Process.GetProcessById(process))
        {
            server.Kill(entireProcessTree: true);
            await server.WaitForExitAsync();
        }

        await Task.Delay(500); // Its children notice.
    }

    public async ValueTask DisposeAsync()
    {
        await AsServerAsync("pg_ctl", "-D", Data, "-m", "immediate", "stop");
        Directory.Delete(_folder, recursive: true);
    }

    private string Data => Path.Combine(_folder, "data");

    private static IEnumerable<string> Candidates()
    {
        string[] path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        const string Debian = "/usr/lib/postgresql";
        return Directory.Exists(Debian)
            ? path.Concat(Directory.GetDirectories(Debian).OrderDescending().Select(static version => Path.Combine(version, "bin"))) : path;
    }

    private Task AsServerAsync(string program, params string[] arguments)
    {
        string path = Path.Combine(_binaries, program);
        return Environment.IsPrivilegedProcess
            ? RunAsync("runuser", ["-u", "postgres", "--", path, .. arguments]) : RunAsync(path, arguments);
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        // Output is not redirected: the server would keep the pipe open.
        using Process process =
            Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "exec \"$0\" \"$@\" > /dev/null 2>&1", program, .. arguments]))!;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new IOException($"{program} {string.Join(' ', arguments)} ended with exit code {process.ExitCode}.");
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
