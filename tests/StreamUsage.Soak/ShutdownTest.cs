using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using StreamUsage.Delivery;

namespace StreamUsage.Soak;

/// <summary>SIGTERM in the middle of many streams: each must have its record in the file that the process leaves behind.</summary>
internal static class ShutdownTest
{
    private const int Streams = 200;

    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(60);

    /// <summary>Starts this program as a child, ends it with the signal while all its streams are open, and reads what it has recorded.</summary>
    public static async Task<bool> RunAsync()
    {
        string file = Path.Combine(Path.GetTempPath(), $"shutdown-{Guid.NewGuid():N}.jsonl");
        try
        {
            using Process child = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["--shutdown-child", file]) { RedirectStandardOutput = true })!;
            while (await child.StandardOutput.ReadLineAsync().WaitAsync(TimeLimit) is { } line && line != "open")
            {
            }

            long began = Stopwatch.GetTimestamp();
            using (Process kill = Process.Start("kill", ["-TERM", $"{child.Id}"]))
            {
                await kill.WaitForExitAsync();
            }

            await child.WaitForExitAsync().WaitAsync(TimeLimit);
            UsageRecord[] records = [.. (await File.ReadAllLinesAsync(file)).Select(line => UsageRecordJson.Read(Encoding.UTF8.GetBytes(line)))];
            int asExpected = records.Count(r => r is { Outcome: StreamOutcome.Interrupted, ErrorType: "shutdown", Usage.InputTokens: 25, OutputSource: TokenSource.Estimated });
            bool isGood = child.ExitCode == 0 && asExpected == Streams && records.DistinctBy(r => r.Id).Count() == Streams;
            Console.WriteLine($"{(isGood ? "passed" : "FAILED")}: SIGTERM amid {Streams} streams; {records.Length} records, {asExpected} as expected; exit code {child.ExitCode} after {Stopwatch.GetElapsedTime(began).TotalSeconds:F1} s");
            return isGood;
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>The child: a host whose streams have begun and do not end.</summary>
    public static async Task ServeAsync(string file)
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.Services.AddStreamUsage(options => options.ShutdownGracePeriod = TimeSpan.FromMilliseconds(500))
            .AddSink(new JsonLinesSink(file))
            .DeliverInBackground();
        using IHost host = builder.Build();
        await host.StartAsync();
        UsageTracker tracker = host.Services.GetRequiredService<UsageTracker>();
        byte[] buffer = new byte[4096];
        for (int i = 0; i < Streams; i++)
        {
            Stream stream = tracker.Track(new StallingStream(), new UsageContext { RequestId = $"{i}" }, out _);
            _ = await stream.ReadAsync(buffer);
            _ = stream.ReadAsync(new byte[100]).AsTask();
        }

        Console.WriteLine("open");
        await host.WaitForShutdownAsync();
    }

    /// <summary>The beginning of an answer, and then nothing.</summary>
    private sealed class StallingStream : Stream
    {
        private static readonly byte[] Start =
            """
            event: message_start
            data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[],"usage":{"input_tokens":25,"output_tokens":1}}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Twenty-four characters.."}}


            """u8.ToArray();

        private bool _isGiven;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_isGiven)
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }

            _isGiven = true;
            Start.CopyTo(buffer);
            return Start.Length;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
