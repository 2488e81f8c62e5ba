using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace StreamUsage.Tests.Support;

/// <summary>
/// An ASP.NET Core application on Kestrel that streams tracked answers. They outlive the host's stop: every second one
/// ends soon after it has begun, the others never.
/// </summary>
internal sealed class StreamingHost : IAsyncDisposable
{
    private static readonly byte[] Start = Encoding.UTF8.GetBytes(
        """
        event: message_start
        data: {"type":"message_start","message":
        """
        + """
        {"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[],"usage":
        """
        + """
        {"input_tokens":25,"output_tokens":1}}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Twenty-four characters.."}}


        """);

    private static readonly byte[] End =
        """
        event: message_delta
        data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":15}}

        event: message_stop
        data: {"type":"message_stop"}


        """u8.ToArray();

    private readonly IHost _host;
    private readonly HttpClient _client = new(new SocketsHttpHandler { MaxConnectionsPerServer = int.MaxValue });
    private readonly List<HttpResponseMessage> _responses = [];

    private StreamingHost(IHost host) => _host = host;

    public UsageTracker Tracker => _host.Services.GetRequiredService<UsageTracker>();

    /// <summary>Starts the application.</summary>
    /// <param name="setup">How it is put together.</param>
    /// <param name="sink">What takes its records.</param>
    public static async Task<StreamingHost> StartAsync(Setup setup, IUsageSink sink)
    {
        IHost host;
        if (setup.ServerFirst)
        {
            host = new HostBuilder()
                .ConfigureWebHost(web => Configure(web).Configure(app => app.Run(ServeAsync)))
                .ConfigureServices(services => AddServices(services, setup, sink))
                .Build();
        }
        else
        {
            WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            Configure(builder.WebHost);
            AddServices(builder.Services, setup, sink);
            WebApplication application = builder.Build();
            application.Run(ServeAsync);
            host = application;
        }

        await host.StartAsync();
        return new StreamingHost(host);
    }

    /// <summary>Opens streams, and reads the beginning of each.</summary>
    public async Task OpenAsync(int count)
    {
        string address = _host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        for (int i = 0; i < count; i++)
        {
            HttpResponseMessage response = await _client.GetAsync($"{address}/{i}", HttpCompletionOption.ResponseHeadersRead);
            _responses.Add(response);
            Stream body = await response.Content.ReadAsStreamAsync();
            await body.ReadExactlyAsync(new byte[Start.Length]);
        }
    }

    /// <summary>Stops the application as SIGTERM does.</summary>
    /// <param name="timeIsOver">Cancelled when the host's time is over, if that is before its timeout.</param>
    public Task StopAsync(CancellationToken timeIsOver)
    {
        _host.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        return _host.StopAsync(timeIsOver);
    }

    /// <summary>Waits for a signal, and for the stop that follows.</summary>
    public Task WaitForShutdownAsync() => _host.WaitForShutdownAsync();

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        if (_host is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync();
        }
    }

    private static IWebHostBuilder Configure(IWebHostBuilder web) =>
        web.UseKestrelCore().ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));

    private static void AddServices(IServiceCollection services, Setup setup, IUsageSink sink)
    {
        services.Configure<HostOptions>(options =>
        {
            options.ShutdownTimeout = setup.HostTimeout;
            options.ServicesStopConcurrently = setup.StopsConcurrently;
        });
        if (setup.Time is { } time)
        {
            services.AddSingleton(time);
        }

        IStreamUsageBuilder builder = services.AddStreamUsage(options => options.ShutdownGracePeriod = setup.GracePeriod).AddSink(sink);
        if (setup.InBackground)
        {
            builder.DeliverInBackground();
        }
    }

    private static async Task ServeAsync(HttpContext context)
    {
        bool ends = context.Request.Path.Value![^1] % 2 == 0; // The last digit of its number.
        CancellationToken stopping = context.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        var tracker = context.RequestServices.GetRequiredService<UsageTracker>();
        await using Stream answer = tracker.Track(new Answer(ends, stopping), new UsageContext { RequestId = context.Request.Path }, out _);
        byte[] buffer = new byte[4096];
        int read;
        while ((read = await answer.ReadAsync(buffer, context.RequestAborted)) != 0)
        {
            await context.Response.Body.WriteAsync(buffer.AsMemory(0, read), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }

    /// <summary>How an application is put together.</summary>
    internal sealed record Setup
    {
        /// <summary>Gets whether the server starts before the tracker, and stops after it. <c>WebApplication</c> has it
        /// the other way.</summary>
        public bool ServerFirst { get; init; }

        public bool StopsConcurrently { get; init; }

        public bool InBackground { get; init; }

        public TimeSpan HostTimeout { get; init; }

        public TimeSpan GracePeriod { get; init; }

        /// <summary>Gets the tracker's clock; null for the system's.</summary>
        public TimeProvider? Time { get; init; }
    }

    /// <summary>A beginning at once; an end half a second after the stop has begun, or none.</summary>
    private sealed class Answer(bool ends, CancellationToken stopping) : Stream
    {
        private int _reads;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            switch (_reads++)
            {
                case 0:
                    Start.CopyTo(buffer);
                    return Start.Length;
                case 1:
                    await Task.Delay(Timeout.Infinite, ends ? stopping : cancellationToken)
                        .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    cancellationToken.ThrowIfCancellationRequested();
                    await Task.Delay(500, cancellationToken);
                    End.CopyTo(buffer);
                    return End.Length;
                default:
                    return 0;
            }
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
