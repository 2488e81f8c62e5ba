using System.Buffers;
using System.IO.Pipelines;
using static StreamUsage.Tests.Differential.Transcript;

namespace StreamUsage.Tests.Differential;

/// <summary>What a pipe reader may be asked, case by case.</summary>
internal static class PipeCases
{
    public static IReadOnlyDictionary<string, Func<PipeReader, Action, Transcript, Task>> All { get; } =
        new Dictionary<string, Func<PipeReader, Action, Transcript, Task>>
        {
            ["read to the end and beyond"] = async (reader, sendRest, says) =>
            {
                sendRest();
                await says.TryAsync("all", () => ReadToEndAsync(reader));
                await says.TryAsync("at the end", () => ReadAsync(reader));
                says.Try("advance", () => reader.AdvanceTo(default));
                says.Try("try", () => TryRead(reader));
            },
            ["consume and examine"] = async (reader, sendRest, says) =>
            {
                await says.TryAsync("first", async () => Seen(await reader.ReadAtLeastAsync(100), 100));
                ReadResult result = await AgainAsync(reader, default, default);
                says.Say(Seen(result, 100));
                result = await AgainAsync(reader, result.Buffer.GetPosition(10), result.Buffer.GetPosition(50));
                says.Say(Seen(result, 90));
                result = await AgainAsync(reader, result.Buffer.GetPosition(20), result.Buffer.GetPosition(20));
                says.Say(Seen(result, 70));
                reader.AdvanceTo(result.Buffer.Start);
                sendRest();
                await says.TryAsync("rest", () => ReadToEndAsync(reader));
            },
            ["try to read"] = async (reader, sendRest, says) =>
            {
                await says.TryAsync("first", async () => Seen(await reader.ReadAtLeastAsync(100), 100));
                says.Try("advance", () => reader.AdvanceTo(default));
                sendRest();
                await says.TryAsync("rest", () => ReadToEndAsync(reader));
                says.Try("at the end", () => TryRead(reader));
            },
            ["read at least"] = async (reader, sendRest, says) =>
            {
                foreach (int minimum in new[] { -1, 0, 1, 50, 140 })
                {
                    await says.TryAsync($"at least {minimum}", async () =>
                    {
                        ReadResult result = await reader.ReadAtLeastAsync(minimum);
                        reader.AdvanceTo(result.Buffer.Start);
                        return $"{result.Buffer.Length >= minimum} {result.IsCompleted} {result.IsCanceled}";
                    });
                }

                sendRest();
                await says.TryAsync("too many", async () =>
                {
                    ReadResult result = await reader.ReadAtLeastAsync(100_000);
                    reader.AdvanceTo(result.Buffer.End);
                    return Seen(result, 1000);
                });
            },
            ["advance wrongly"] = async (reader, sendRest, says) =>
            {
                says.Try("before a read", () => reader.AdvanceTo(new SequencePosition(new object(), 3)));
                ReadResult result = await reader.ReadAtLeastAsync(100);
                SequencePosition early = result.Buffer.GetPosition(10), late = result.Buffer.GetPosition(60);
                says.Try("examined before consumed", () => reader.AdvanceTo(late, early));
                says.Try("a position of something else", () => reader.AdvanceTo(new SequencePosition(new object(), 3)));
                says.Try("too far",
                    () => reader.AdvanceTo(new SequencePosition(result.Buffer.End.GetObject(), result.Buffer.End.GetInteger() + 5000)));
            },
            ["advance twice"] = async (reader, sendRest, says) =>
            {
                ReadResult result = await reader.ReadAtLeastAsync(100);
                SequencePosition early = result.Buffer.GetPosition(10), late = result.Buffer.GetPosition(60);
                says.Try("once", () => reader.AdvanceTo(early));
                says.Try("twice", () => reader.AdvanceTo(late));
                says.Try("a third time", () => reader.AdvanceTo(late));
                sendRest();
                await says.TryAsync("rest", () => ReadToEndAsync(reader));
            },
            ["cancel a pending read"] = async (reader, sendRest, says) =>
            {
                reader.CancelPendingRead();
                await says.TryAsync("cancelled before", () => ReadAsync(reader));
                await says.TryAsync("first", async () => Seen(await ReadAllAsync(reader, Body.FirstLength), Body.FirstLength));
                sendRest();
                await says.TryAsync("rest", () => ReadToEndAsync(reader));
            },
            ["complete"] = async (reader, sendRest, says) =>
            {
                await says.TryAsync("first", async () => Seen(await ReadAllAsync(reader, 100), 100));
                says.Try("complete", () => reader.Complete());
                says.Try("again", () => reader.Complete(new IOException("no")));
                await says.TryAsync("async", () => Of(reader.CompleteAsync().AsTask()));
                await says.TryAsync("read", () => Of(reader.ReadAsync().AsTask()));
                says.Try("try", () => reader.TryRead(out _));
                says.Try("advance", () => reader.AdvanceTo(default));
                says.Try("cancel", () => reader.CancelPendingRead());
            },
            ["complete, then copy"] = async (reader, sendRest, says) =>
            {
                await reader.CompleteAsync();
                await says.TryAsync("copy", () => Of(reader.CopyToAsync(new MemoryStream())));
                await says.TryAsync("copy to a pipe", () => Of(reader.CopyToAsync(PipeWriter.Create(new MemoryStream()))));
            },
            ["copy to a stream"] = async (reader, sendRest, says) =>
            {
                sendRest();
                await says.TryAsync("copy", async () =>
                {
                    var copy = new MemoryStream();
                    await reader.CopyToAsync(copy);
                    return Convert.ToHexString(copy.ToArray());
                });
                await says.TryAsync("again", () => Of(reader.CopyToAsync(new MemoryStream())));
            },
            ["copy to a pipe"] = async (reader, sendRest, says) =>
            {
                sendRest();
                await says.TryAsync("copy", async () =>
                {
                    var copy = new MemoryStream();
                    PipeWriter writer = PipeWriter.Create(copy, new StreamPipeWriterOptions(leaveOpen: true));
                    await reader.CopyToAsync(writer);
                    await writer.CompleteAsync();
                    return Convert.ToHexString(copy.ToArray());
                });
            },
            ["copy wrongly"] = async (reader, sendRest, says) =>
            {
                await says.TryAsync("nowhere", () => Of(reader.CopyToAsync((Stream)null!)));
                await says.TryAsync("to no pipe", () => Of(reader.CopyToAsync((PipeWriter)null!)));
                await says.TryAsync(
                    "cancelled before", () => Of(reader.CopyToAsync(new MemoryStream(), new CancellationToken(canceled: true))));
                sendRest();
                await says.TryAsync("to a full disk", () => Of(reader.CopyToAsync(new FullDisk())));
            },
            ["as a stream"] = async (reader, sendRest, says) =>
            {
                sendRest();
                await using (Stream stream = reader.AsStream(leaveOpen: true))
                {
                    await says.TryAsync("read", async () => await stream.ReadAtLeastAsync(new byte[10], 10));
                }

                await using (Stream stream = reader.AsStream())
                {
                    var copy = new MemoryStream();
                    await says.TryAsync("copy", () => Of(stream.CopyToAsync(copy)));
                    says.Say(Convert.ToHexString(copy.ToArray()));
                }

                await says.TryAsync("after it", () => Of(reader.ReadAsync().AsTask()));
            },
            ["cancelled before"] = async (reader, sendRest, says) =>
            {
                var cancelled = new CancellationToken(canceled: true);
                await says.TryAsync("read", () => Of(reader.ReadAsync(cancelled).AsTask()));
                await says.TryAsync("read at least", () => Of(reader.ReadAtLeastAsync(50, cancelled).AsTask()));
                sendRest();
                await says.TryAsync("rest", () => ReadToEndAsync(reader));
            },
            ["cancelled during a read"] = async (reader, sendRest, says) =>
            {
                await says.TryAsync("first", async () => Seen(await ReadAllAsync(reader, Body.FirstLength), Body.FirstLength));
                for (int i = 0; i < 2; i++)
                {
                    using var stop = new CancellationTokenSource();
                    Task<ReadResult> read = reader.ReadAsync(stop.Token).AsTask();
                    await stop.CancelAsync();
                    await says.TryAsync("cancelled", () => Of(read));
                }

                sendRest();
                await says.TryAsync("rest", () => ReadToEndAsync(reader));
            },
            ["await twice"] = async (reader, sendRest, says) =>
            {
                await says.TryAsync("first", async () => Seen(await ReadAllAsync(reader, Body.FirstLength), Body.FirstLength));
                Task<ReadResult> read = reader.ReadAsync().AsTask();
                sendRest();
                await says.TryAsync("once", async () => (await read).IsCanceled);
                await says.TryAsync("twice", async () => (await read).IsCanceled);
                reader.AdvanceTo((await read).Buffer.Start);
                await says.TryAsync("rest", () => ReadToEndAsync(reader));
            },
        };

    private static async Task<object?> ReadToEndAsync(PipeReader reader)
    {
        var seen = new MemoryStream();
        ReadResult result;
        do
        {
            result = await reader.ReadAsync();
            seen.Write(result.Buffer.ToArray());
            reader.AdvanceTo(result.Buffer.End);
        }
        while (!result.IsCompleted && !result.IsCanceled);

        return $"{result.IsCanceled} {Convert.ToHexString(seen.ToArray())}";
    }

    private static async Task<object?> ReadAsync(PipeReader reader)
    {
        ReadResult result = await reader.ReadAsync();
        string seen = Seen(result, 0);
        reader.AdvanceTo(result.Buffer.Start);
        return seen;
    }

    private static async Task<ReadResult> AgainAsync(PipeReader reader, SequencePosition consumed, SequencePosition examined)
    {
        reader.AdvanceTo(consumed, examined);
        return await reader.ReadAsync();
    }

    private static async Task<ReadResult> ReadAllAsync(PipeReader reader, int length)
    {
        ReadResult result = await reader.ReadAtLeastAsync(length);
        reader.AdvanceTo(result.Buffer.End);
        return result;
    }

    private static string TryRead(PipeReader reader)
    {
        bool hasRead = reader.TryRead(out ReadResult result);
        if (hasRead)
        {
            reader.AdvanceTo(result.Buffer.Start);
        }

        return $"{hasRead} {result.IsCompleted} {result.IsCanceled}";
    }

    // What has come is chance, past what was asked for. (The buffer may be gone by now: only its kind is said then.)
    private static string Seen(ReadResult result, int length) =>
        $"{result.IsCanceled} {result.Buffer.Length >= length}";
}
