using CsCheck;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Races;

/// <summary>Whatever is done with a tracked stream, in whatever order, gives what the plain stream gives: results,
/// bytes, positions and exceptions; and one record.</summary>
public sealed class StreamModelTests
{
    private static readonly byte[] Body = Answers.ClaudeBytes;

    private enum Call
    {
        ReadSpan,
        ReadArray,
        ReadByte,
        ReadAsyncArray,
        ReadAsyncMemory,
        BeginRead,
        ReadNothing,
        ReadBadArguments,
        ReadCancelled,
        CopyTo,
        CopyToAsync,
        CopyToBroken,
        Seek,
        SetPosition,
        GetPosition,
        Capabilities,
        Write,
        Flush,
        Dispose,
        DisposeAsync,
    }

    [Theory]
    [InlineData(true, true, false, false)]
    [InlineData(true, false, false, false)]
    [InlineData(false, true, false, false)]
    [InlineData(false, false, false, false)]
    [InlineData(false, true, true, false)]
    [InlineData(false, false, true, false)]
    [InlineData(false, true, false, true)]
    [InlineData(false, false, true, true)]
    public async Task A_tracked_stream_does_what_the_plain_one_does(bool canSeek, bool breaks, bool isContent, bool drains)
    {
        StreamUsageOptions options = new() { DrainAbortedStreams = drains ? new DrainLimits() : null };
        // Disposing is rare: most sequences should live a while.
        Gen<Call> call = Gen.Int[0, 99].Select(number => number < 4 ? Call.Dispose + (number % 2) : (Call)(number % (int)Call.Dispose));
        await Gen.Select(call, Gen.Int[-3, Body.Length + 20]).Array[1, 25].SampleAsync(
            async operations =>
            {
                var sink = new RecordingSink();
                await using var tracker = new UsageTracker(sink, options);
                using var plainBody = new ModelStream(Body, canSeek, breaks);
                using var inner = new ModelStream(Body, canSeek, breaks);
                (Stream plain, Stream tracked, UsageTracking tracking) = await OpenAsync(tracker, plainBody, inner, isContent);
                var said = new List<string>();
                foreach ((Call what, int number) in operations)
                {
                    if (drains && IsLeaving(what))
                    {
                        continue; // What is read on in the background is no longer its reader's.
                    }

                    string expected = await DoAsync(plain, what, number);
                    string actual = await DoAsync(tracked, what, number);
                    said.Add($"{what}({number}): {expected}");
                    if (actual != expected)
                    {
                        Assert.Fail($"{string.Join('\n', said)}\nbut the tracked stream said {actual}");
                    }
                }

                inner.DisposeCount.Should().Be(Math.Min(1, plainBody.DisposeCount));
                bool hasEnded = tracking.Completion.IsCompleted;
                await tracked.DisposeAsync();
                UsageRecord record = await tracking.Completion;
                if (sink.Records.Count != 1 || sink.Records.Single() != record || (hasEnded && !said.Exists(EndsReading)))
                {
                    Assert.Fail($"{string.Join('\n', said)}\ngave {sink.Records.Count} records, the last one {record.Outcome}");
                }
            },
            iter: 600,
            threads: 1);
    }

    private static async Task<(Stream Plain, Stream Tracked, UsageTracking Tracking)> OpenAsync(
        UsageTracker tracker, Stream plain, Stream inner, bool isContent)
    {
        if (!isContent)
        {
            return (plain, tracker.Track(inner, Track.Nothing, out UsageTracking ofStream), ofStream);
        }

        HttpResponseMessage response = Track.Response(inner);
        UsageTracking tracking = response.TrackUsage(tracker, Track.Nothing);
        return (await Track.Response(plain).Content.ReadAsStreamAsync(), await response.Content.ReadAsStreamAsync(), tracking);
    }

    private static bool IsLeaving(Call call) => call is Call.CopyToBroken or Call.Dispose or Call.DisposeAsync;

    // Only a read that found the end, a copy, a fault or a dispose ends a body.
    private static bool EndsReading(string said) => said.Contains("0 ", StringComparison.Ordinal)
        || said.Contains("-1", StringComparison.Ordinal) || said.Contains("Exception", StringComparison.Ordinal)
        || said.StartsWith("Copy", StringComparison.Ordinal) || said.StartsWith("Dispose", StringComparison.Ordinal);

    private static async Task<string> DoAsync(Stream stream, Call call, int number)
    {
        var buffer = new byte[Body.Length + 40];
        int length = Math.Clamp(number, 1, buffer.Length);
        try
        {
            switch (call)
            {
                case Call.ReadSpan:
                    return Said(stream.Read(buffer.AsSpan(0, length)), buffer);
                case Call.ReadArray:
                    return Said(stream.Read(buffer, 2, length - 1), buffer);
                case Call.ReadByte:
                    return $"{stream.ReadByte()}";
                case Call.ReadAsyncArray:
#pragma warning disable CA1835 // This overload is the one to compare.
                    return Said(await stream.ReadAsync(buffer, 1, length, CancellationToken.None), buffer);
#pragma warning restore CA1835
                case Call.ReadAsyncMemory:
                    return Said(await stream.ReadAsync(buffer.AsMemory(0, length)), buffer);
                case Call.BeginRead:
                    return Said(await Task.Factory.FromAsync(stream.BeginRead, stream.EndRead, buffer, 0, length, null), buffer);
                case Call.ReadNothing:
                    return $"{stream.Read([], 0, 0)} {await stream.ReadAsync(Memory<byte>.Empty)} nothing";
                case Call.ReadBadArguments:
                    return Said(stream.Read(buffer, buffer.Length, length), buffer);
                case Call.ReadCancelled:
                    return Said(await stream.ReadAsync(buffer, new CancellationToken(canceled: true)), buffer);
                case Call.CopyTo:
                case Call.CopyToAsync:
                    var copy = new MemoryStream();
                    if (call == Call.CopyTo)
                    {
                        stream.CopyTo(copy);
                    }
                    else
                    {
                        await stream.CopyToAsync(copy);
                    }

                    return Convert.ToHexString(copy.ToArray());
                case Call.CopyToBroken:
                    await stream.CopyToAsync(new MemoryStream(buffer, 0, 5));
                    return "copied";
                case Call.Seek:
                    return $"at {stream.Seek(number, (SeekOrigin)(length % 3))}";
                case Call.SetPosition:
                    stream.Position = number;
                    return "set";
                case Call.GetPosition:
                    return $"at {stream.Position} of {stream.Length}";
                case Call.Capabilities:
                    return $"{stream.CanRead} {stream.CanSeek} {stream.CanWrite} {stream.CanTimeout}";
                case Call.Write:
                    stream.Write(buffer, 0, 1);
                    return "written";
                case Call.Flush:
                    await stream.FlushAsync();
                    return "flushed";
                case Call.Dispose:
                    stream.Dispose();
                    return "disposed";
                default:
                    await stream.DisposeAsync();
                    return "disposed";
            }
        }
        catch (Exception fault)
        {
            return fault.GetType().Name;
        }
    }

    private static string Said(int length, byte[] buffer) => $"{length} {Convert.ToHexString(buffer)}";
}
