using System.Diagnostics;
using System.IO.Compression;
using System.Text;

namespace StreamUsage.Benchmarks.Hostile;

/// <summary>What bodies cost that were made to cost much: time and allocation a byte of their text, and the longest
/// read, plain and under encodings.</summary>
internal static class HostileCost
{
    private const int Size = 1024 * 1024;
    private const int ReadSize = 16 * 1024;
    private const int Rounds = 3;

    public static void Run(ReadOnlySpan<string> args)
    {
        string only = args is ["--only", var part] ? part : "";
        Console.WriteLine(
            $"{"1 MiB in reads of 16 KiB",-38}{"ns/byte",9}{"B/byte",9}{"read ms",9}   {"br: bytes",12}{"ns/byte",9}{"read ms",9}");
        foreach ((string name, Func<int, string> make) in HostileBodies.All)
        {
            if (!name.Contains(only, StringComparison.Ordinal))
            {
                continue;
            }

            byte[] body = Encoding.UTF8.GetBytes(make(Size));
            byte[] encoded = Encode(body);
            Cost plain = Measure(body, null), decoded = Measure(encoded, "br");
            Console.WriteLine(
                $"{name,-38}{plain.Nanoseconds / body.Length,9:F1}{(double)plain.Bytes / body.Length,9:F1}{plain.LongestRead,9:F2}   "
                + $"{encoded.Length,12}{decoded.Nanoseconds / body.Length,9:F1}{decoded.LongestRead,9:F2}");
        }
    }

    private static byte[] Encode(byte[] body)
    {
        var encoded = new MemoryStream();
        using (var brotli = new BrotliStream(encoded, CompressionLevel.Optimal))
        {
            brotli.Write(body);
        }

        return encoded.ToArray();
    }

    // The best of some rounds: what the body costs, and not what the machine was doing beside it.
    private static Cost Measure(byte[] body, string? encoding)
    {
        var best = new Cost(double.MaxValue, long.MaxValue, double.MaxValue);
        for (int round = 0; round < Rounds; round++)
        {
            Cost cost = ReadOnce(body, encoding);
            best = new Cost(Math.Min(best.Nanoseconds, cost.Nanoseconds),
                Math.Min(best.Bytes, cost.Bytes), Math.Min(best.LongestRead, cost.LongestRead));
        }

        return best;
    }

    private static Cost ReadOnce(byte[] body, string? encoding)
    {
        var tracker = new UsageTracker(new CallbackUsageSink(static (_, _) => ValueTask.CompletedTask));
        using Stream tracked = tracker.Track(
            new MemoryStream(body), new UsageContext(), out UsageTracking tracking, new TrackedResponse { ContentEncoding = encoding });
        byte[] buffer = new byte[ReadSize];
        double longest = 0;
        long allocated = GC.GetAllocatedBytesForCurrentThread(), start = Stopwatch.GetTimestamp();
        for (int length = 1; length != 0;)
        {
            long before = Stopwatch.GetTimestamp();
            length = tracked.Read(buffer);
            longest = Math.Max(longest, Stopwatch.GetElapsedTime(before).TotalMilliseconds);
        }

        var cost = new Cost(Stopwatch.GetElapsedTime(start).TotalNanoseconds, GC.GetAllocatedBytesForCurrentThread() - allocated, longest);
        tracking.Completion.GetAwaiter().GetResult();
        return cost;
    }

    private readonly record struct Cost(double Nanoseconds, long Bytes, double LongestRead);
}
