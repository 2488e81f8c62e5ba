using System.Net;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Differential;

/// <summary>One body in the making: its first part is there, and the rest is sent when the test says so.</summary>
internal sealed class Body : IAsyncDisposable
{
    public static byte[] Bytes => Answers.ClaudeBytes;

    public const int FirstLength = 150;

    private readonly TaskCompletionSource _mayEnd = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<IDisposable> _owned = [];

    /// <summary>Gets the response; null if the body has none.</summary>
    public HttpResponseMessage? Response { get; private set; }

    /// <summary>Gets or sets the body's stream, or the one that is read in its place.</summary>
    public Stream Stream { get; set; } = Stream.Null;

    public static async Task<Body> OpenAsync(Source source, LoopbackProvider provider)
    {
        var body = new Body();
        switch (source)
        {
            case Source.Memory:
                body._mayEnd.SetResult();
                body.Stream = new MemoryStream(Bytes, writable: false);
                break;
            case Source.File:
                body._mayEnd.SetResult();
                body.Stream = OpenFile();
                break;
            case Source.Gzip:
                body._mayEnd.SetResult();
                body.Stream = new System.IO.Compression.GZipStream(
                    new MemoryStream(Encoded.Encode("gzip", Bytes)), System.IO.Compression.CompressionMode.Decompress);
                break;
            case Source.Socket:
                body.Stream = await body.ConnectAsync();
                break;
            case Source.Pipe:
                var pipe = new System.IO.Pipelines.Pipe();
                body.Stream = pipe.Reader.AsStream();
                _ = body.SendAsync(pipe.Writer.AsStream());
                break;
            default:
                body.Response = await provider.GetAsync(
                    async context =>
                    {
                        context.Response.ContentType = "text/event-stream";
                        await body.SendAsync(context.Response.Body, disposes: false);
                    },
                    source == Source.Http1 ? "1.1" : "2.0");
                break;
        }

        return body;
    }

    public void SendRest() => _mayEnd.TrySetResult();

    public ValueTask DisposeAsync()
    {
        SendRest();
        Stream.Dispose();
        Response?.Dispose();
        _owned.ForEach(owned => owned.Dispose());
        return ValueTask.CompletedTask;
    }

    private static FileStream OpenFile()
    {
        var file = new FileStream(Path.GetTempFileName(), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, 64,
            FileOptions.DeleteOnClose | FileOptions.Asynchronous);
        file.Write(Bytes);
        file.Flush();
        file.Position = 0;
        return file;
    }

    private async Task<Stream> ConnectAsync()
    {
        var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var client = new System.Net.Sockets.TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        System.Net.Sockets.TcpClient server = await listener.AcceptTcpClientAsync();
        listener.Stop();
        _owned.Add(client);
        _owned.Add(server);
        _ = SendAsync(server.GetStream());
        return client.GetStream();
    }

    private async Task SendAsync(Stream destination, bool disposes = true)
    {
        try
        {
            await destination.WriteAsync(Bytes.AsMemory(0, FirstLength));
            await destination.FlushAsync();
            await _mayEnd.Task;
            await destination.WriteAsync(Bytes.AsMemory(FirstLength));
            await destination.FlushAsync();
        }
        catch (Exception)
        {
            // The reader has left.
        }

        if (disposes)
        {
            await destination.DisposeAsync();
        }
    }
}
