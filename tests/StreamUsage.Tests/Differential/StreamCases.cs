using static StreamUsage.Tests.Differential.Transcript;

#pragma warning disable CA1835, CA2022, CA1849 // Each overload is called on purpose, and a short read is something to see.

namespace StreamUsage.Tests.Differential;

/// <summary>What a stream may be asked, case by case.</summary>
internal static class StreamCases
{
    public static IReadOnlyDictionary<string, Func<Stream, Body, Transcript, Task>> All { get; } =
        new Dictionary<string, Func<Stream, Body, Transcript, Task>>
        {
            ["read in every way to the end and beyond"] = ReadInEveryWayAsync,
            ["read nothing"] = ReadNothingAsync,
            ["capabilities, length and position"] = AskCapabilitiesAsync,
            ["seek"] = SeekAsync,
            ["write"] = WriteAsync,
            ["wrong arguments"] = PassWrongArgumentsAsync,
            ["wrong copies"] = CopyWronglyAsync,
            ["timeouts"] = AskTimeoutsAsync,
            ["dispose"] = DisposeAsync,
            ["read after dispose"] = ReadAfterDisposeAsync,
            ["cancelled before"] = CancelBeforeAsync,
            ["cancelled during a read"] = CancelDuringAsync,
            ["cancelled during a copy"] = CancelCopyAsync,
            ["copy in every way"] = CopyAsync,
            ["copy to a destination that fails"] = CopyToBrokenAsync,
            ["await twice"] = AwaitTwiceAsync,
            ["read at least and exactly"] = ReadExactlyAsync,
            ["begin and end"] = BeginAndEndAsync,
        };

    private static async Task ReadInEveryWayAsync(Stream stream, Body body, Transcript says)
    {
        byte[] buffer = new byte[20];
        body.SendRest();
        says.Try("array", () => Seen(stream.Read(buffer, 3, 10), buffer));
        says.Try("span", () => Seen(stream.Read(buffer.AsSpan(1, 10)), buffer));
        says.Try("byte", () => stream.ReadByte());
        await says.TryAsync("array, async", async () => Seen(await stream.ReadAsync(buffer, 0, 10), buffer));
        await says.TryAsync("memory, async", async () => Seen(await stream.ReadAsync(buffer.AsMemory(2, 10)), buffer));
        await says.TryAsync(
            "begin", async () => Seen(await Task.Factory.FromAsync(stream.BeginRead, stream.EndRead, buffer, 0, 10, null), buffer));
        await says.TryAsync("rest", async () => await ReadToEndAsync(stream));
        for (int i = 0; i < 3; i++)
        {
            says.Try("array at the end", () => stream.Read(buffer, 0, 10));
            says.Try("span at the end", () => stream.Read(buffer.AsSpan()));
            says.Try("byte at the end", () => stream.ReadByte());
            await says.TryAsync("array at the end, async", () => Of(stream.ReadAsync(buffer, 0, 10)));
            await says.TryAsync("memory at the end, async", () => Of(stream.ReadAsync(buffer.AsMemory())));
        }
    }

    private static async Task ReadNothingAsync(Stream stream, Body body, Transcript says)
    {
        for (int i = 0; i < 2; i++)
        {
            says.Try("array", () => stream.Read([], 0, 0));
            says.Try("span", () => stream.Read([]));
            await says.TryAsync("array, async", () => Of(stream.ReadAsync([], 0, 0)));
            await says.TryAsync("memory, async", () => Of(stream.ReadAsync(Memory<byte>.Empty)));
            body.SendRest();
            await says.TryAsync("rest", async () => await ReadToEndAsync(stream));
        }
    }

    private static async Task AskCapabilitiesAsync(Stream stream, Body body, Transcript says)
    {
        Ask(stream, says);
        await says.TryAsync("read", async () => Seen(await stream.ReadAsync(new byte[10]), []));
        Ask(stream, says);
        body.SendRest();
        await says.TryAsync("rest", async () => await ReadToEndAsync(stream));
        Ask(stream, says);
        stream.Dispose();
        Ask(stream, says);
    }

    private static async Task SeekAsync(Stream stream, Body body, Transcript says)
    {
        body.SendRest();
        foreach ((long offset, SeekOrigin origin) in new[] { (0L, SeekOrigin.Begin), (20, SeekOrigin.Begin), (5, SeekOrigin.Current),
            (-10, SeekOrigin.End), (-1, SeekOrigin.Begin), (1000, SeekOrigin.Begin), (0, (SeekOrigin)7) })
        {
            says.Try($"seek {offset} {origin}", () => stream.Seek(offset, origin));
            says.Try("position", () => stream.Position);
            byte[] buffer = new byte[10];
            await says.TryAsync("read", async () => Seen(await stream.ReadAsync(buffer), buffer));
        }

        says.Try("set position", () => stream.Position = 40);
        says.Try("set a negative position", () => stream.Position = -1);
        says.Try("set length", () => stream.SetLength(10));
        await says.TryAsync("rest", async () => await ReadToEndAsync(stream));
    }

    private static async Task WriteAsync(Stream stream, Body body, Transcript says)
    {
        if (stream.CanWrite && !stream.CanSeek)
        {
            return; // A connection's other direction, which nobody reads here.
        }

        byte[] bytes = [1, 2, 3];
        says.Try("array", () => stream.Write(bytes, 0, 2));
        says.Try("span", () => stream.Write(bytes.AsSpan()));
        says.Try("byte", () => stream.WriteByte(9));
        await says.TryAsync("array, async", () => Of(stream.WriteAsync(bytes, 0, 2)));
        await says.TryAsync("memory, async", () => Of(stream.WriteAsync(bytes.AsMemory()).AsTask()));
        says.Try("begin", () => stream.EndWrite(stream.BeginWrite(bytes, 0, 2, null, null)));
        says.Try("flush", () => stream.Flush());
        await says.TryAsync("flush, async", () => Of(stream.FlushAsync()));
        await says.TryAsync("flush, cancelled", () => Of(stream.FlushAsync(new CancellationToken(canceled: true))));
        body.SendRest();
        await says.TryAsync("rest", async () => await ReadToEndAsync(stream));
    }

    private static async Task PassWrongArgumentsAsync(Stream stream, Body body, Transcript says)
    {
        foreach ((byte[]? buffer, int offset, int count) in new (byte[]?, int, int)[]
        {
            (null, 0, 1),
            (new byte[5], -1, 1),
            (new byte[5], 0, -1),
            (new byte[5], 0, 6),
            (new byte[5], 6, 0),
            (new byte[5], 3, 3),
        })
        {
            says.Try("array", () => stream.Read(buffer!, offset, count));
            await says.TryAsync("array, async", () => Of(stream.ReadAsync(buffer!, offset, count)));
            says.Try("begin", () => stream.EndRead(stream.BeginRead(buffer!, offset, count, null, null)));
        }

        body.SendRest();
        await says.TryAsync("rest", async () => await ReadToEndAsync(stream));
    }

    private static async Task CopyWronglyAsync(Stream stream, Body body, Transcript says)
    {
        var closed = new MemoryStream();
        closed.Dispose();
        foreach (Stream? destination in new[] { null, closed, new MemoryStream([], writable: false) })
        {
            says.Try("copy", () => stream.CopyTo(destination!));
            await says.TryAsync("copy, async", () => Of(stream.CopyToAsync(destination!)));
        }

        says.Try("buffer of 0", () => stream.CopyTo(new MemoryStream(), 0));
        await says.TryAsync("buffer of 0, async", () => Of(stream.CopyToAsync(new MemoryStream(), 0)));
        body.SendRest();
        await says.TryAsync("rest", async () => await ReadToEndAsync(stream));
    }

    private static Task AskTimeoutsAsync(Stream stream, Body body, Transcript says)
    {
        says.Try("can", () => stream.CanTimeout);
        says.Try("read", () => stream.ReadTimeout);
        says.Try("write", () => stream.WriteTimeout);
        says.Try("set read", () => stream.ReadTimeout = 5000);
        says.Try("set write", () => stream.WriteTimeout = 5000);
        says.Try("read", () => stream.ReadTimeout);
        says.Try("write", () => stream.WriteTimeout);
        return Task.CompletedTask;
    }

    private static async Task DisposeAsync(Stream stream, Body body, Transcript says)
    {
        await says.TryAsync("read", async () => await stream.ReadAsync(new byte[10]));
        says.Try("dispose", stream.Dispose);
        says.Try("again", stream.Dispose);
        says.Try("close", stream.Close);
        await says.TryAsync("async", () => Of(stream.DisposeAsync().AsTask()));
    }

    private static async Task ReadAfterDisposeAsync(Stream stream, Body body, Transcript says)
    {
        byte[] buffer = new byte[10];
        await stream.DisposeAsync();
        says.Try("array", () => stream.Read(buffer, 0, 10));
        says.Try("span", () => stream.Read(buffer.AsSpan()));
        says.Try("byte", () => stream.ReadByte());
        await says.TryAsync("array, async", () => Of(stream.ReadAsync(buffer, 0, 10)));
        await says.TryAsync("memory, async", () => Of(stream.ReadAsync(buffer.AsMemory())));
        says.Try("copy", () => stream.CopyTo(new MemoryStream()));
        await says.TryAsync("copy, async", () => Of(stream.CopyToAsync(new MemoryStream())));
        says.Try("seek", () => stream.Seek(0, SeekOrigin.Begin));
        says.Try("flush", stream.Flush);
    }

    private static async Task CancelBeforeAsync(Stream stream, Body body, Transcript says)
    {
        var cancelled = new CancellationToken(canceled: true);
        await says.TryAsync("array", () => Of(stream.ReadAsync(new byte[10], 0, 10, cancelled)));
        await says.TryAsync("memory", () => Of(stream.ReadAsync(new byte[10].AsMemory(), cancelled)));
        await says.TryAsync("nothing", () => Of(stream.ReadAsync(Memory<byte>.Empty, cancelled)));
        await says.TryAsync("copy", () => Of(stream.CopyToAsync(new MemoryStream(), cancelled)));
        body.SendRest();
        await says.TryAsync("rest", async () => await ReadToEndAsync(stream));
    }

    private static async Task CancelDuringAsync(Stream stream, Body body, Transcript says)
    {
        await says.TryAsync("first part", async () => await stream.ReadAtLeastAsync(new byte[Body.FirstLength], Body.FirstLength));
        for (int i = 0; i < 2; i++)
        {
            using var stop = new CancellationTokenSource();
            Task<int> read = stream.ReadAsync(new byte[1], stop.Token).AsTask();
            await stop.CancelAsync();
            await says.TryAsync("cancelled", () => Of(read));
        }

        body.SendRest();
        await says.TryAsync("rest", async () => await ReadToEndAsync(stream));
    }

    private static async Task CancelCopyAsync(Stream stream, Body body, Transcript says)
    {
        using var stop = new CancellationTokenSource();
        var copy = new MemoryStream();
        Task copying = stream.CopyToAsync(copy, stop.Token);
        while (copy.Length < Body.FirstLength && !copying.IsCompleted)
        {
            await Task.Yield();
        }

        await stop.CancelAsync();
        await says.TryAsync("cancelled", async () =>
        {
            try
            {
                await copying;
                return "copied";
            }
            catch (OperationCanceledException)
            {
                return "cancelled"; // Its type depends on whether the next read had begun, which is left to chance.
            }
        });
        says.Say(copy.Length.ToString(System.Globalization.CultureInfo.InvariantCulture));
        body.SendRest();
        await says.TryAsync("rest", async () => await ReadToEndAsync(stream));
    }

    private static async Task CopyAsync(Stream stream, Body body, Transcript says)
    {
        body.SendRest();
        await says.TryAsync("read", async () => await stream.ReadAsync(new byte[10]));
        foreach (int bufferSize in new[] { 7, 100_000 })
        {
            await says.TryAsync("copy, async", async () =>
            {
                var copy = new MemoryStream();
                await stream.CopyToAsync(copy, bufferSize);
                return Convert.ToHexString(copy.ToArray());
            });
            says.Try("position", () => stream.Position);
            says.Try("again", () => stream.Seek(3, SeekOrigin.Begin));
            says.Try("copy", () =>
            {
                var copy = new MemoryStream();
                stream.CopyTo(copy, bufferSize);
                return Convert.ToHexString(copy.ToArray());
            });
            says.Try("again", () => stream.Position = 5);
        }

        await says.TryAsync("rest", async () => await ReadToEndAsync(stream));
    }

    private static async Task CopyToBrokenAsync(Stream stream, Body body, Transcript says)
    {
        body.SendRest();
        await says.TryAsync("async", () => Of(stream.CopyToAsync(new FullDisk())));
    }

    private static async Task AwaitTwiceAsync(Stream stream, Body body, Transcript says)
    {
        byte[] buffer = new byte[Body.FirstLength];
        await says.TryAsync("first part", async () => await stream.ReadAtLeastAsync(buffer, buffer.Length));
        Task<int> read = stream.ReadAsync(buffer, 0, 1);
        body.SendRest();
        await says.TryAsync("once", () => Of(read));
        await says.TryAsync("twice", () => Of(read));
        await says.TryAsync("rest", async () => await ReadToEndAsync(stream));
    }

    private static async Task ReadExactlyAsync(Stream stream, Body body, Transcript says)
    {
        body.SendRest();
        byte[] buffer = new byte[Body.Bytes.Length + 10];
        says.Try("exactly", () => stream.ReadExactly(buffer, 0, 100));
        await says.TryAsync("exactly, async", () => Of(stream.ReadExactlyAsync(buffer, 0, 100).AsTask()));
        await says.TryAsync("at least", async () => await stream.ReadAtLeastAsync(buffer.AsMemory(0, 20), 20));
        await says.TryAsync("too much", () => Of(stream.ReadExactlyAsync(buffer).AsTask()));
        await says.TryAsync("at least, at the end", async () => await stream.ReadAtLeastAsync(buffer, 10, throwOnEndOfStream: false));
    }

    private static async Task BeginAndEndAsync(Stream stream, Body body, Transcript says)
    {
        byte[] buffer = new byte[10];
        var state = new object();
        var called = new TaskCompletionSource<IAsyncResult>();
        IAsyncResult result = stream.BeginRead(buffer, 0, 10, called.SetResult, state);
        IAsyncResult given = await called.Task;
        says.Say($"{ReferenceEquals(result.AsyncState, state)} {ReferenceEquals(given, result)} {given.IsCompleted} "
            + $"{result.AsyncWaitHandle.WaitOne(0)}");
        says.Try("end", () => Seen(stream.EndRead(result), buffer));
        says.Try("end of nothing", () => stream.EndRead(null!));
        if (!says.IsLenient)
        {
            says.Try("end of something else", () => stream.EndRead(Task.CompletedTask));
        }

        body.SendRest();
        await says.TryAsync("rest", async () => await ReadToEndAsync(stream));
    }

    private static void Ask(Stream stream, Transcript says)
    {
        says.Try("can read", () => stream.CanRead);
        says.Try("can seek", () => stream.CanSeek);
        says.Try("can write", () => stream.CanWrite);
        says.Try("can time out", () => stream.CanTimeout);
        says.Try("length", () => stream.Length);
        says.Try("position", () => stream.Position);
    }

    private static string Seen(int length, byte[] buffer) => $"{length} {Convert.ToHexString(buffer)}";

    private static async Task<object?> ReadToEndAsync(Stream stream)
    {
        var seen = new MemoryStream();
        byte[] buffer = new byte[64];
        for (int length; (length = await stream.ReadAsync(buffer)) != 0;)
        {
            seen.Write(buffer, 0, length);
        }

        return $"{seen.Length} {Convert.ToHexString(seen.ToArray())}";
    }
}
