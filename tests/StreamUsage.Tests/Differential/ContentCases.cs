using static StreamUsage.Tests.Differential.Transcript;

namespace StreamUsage.Tests.Differential;

/// <summary>What a content may be asked, case by case.</summary>
internal static class ContentCases
{
    public static IReadOnlyDictionary<string, Func<HttpContent, Transcript, Task>> All { get; } =
        new Dictionary<string, Func<HttpContent, Transcript, Task>>
        {
            ["read as a string twice"] = async (content, says) =>
            {
                await says.TryAsync("first", () => Of(content.ReadAsStringAsync()));
                await says.TryAsync("second", () => Of(content.ReadAsStringAsync()));
                await says.TryAsync("bytes", async () => Convert.ToHexString(await content.ReadAsByteArrayAsync()));
            },
            ["copy twice"] = async (content, says) =>
            {
                await CopyAsync(content, says);
                await CopyAsync(content, says);
                Copy(content, says);
            },
            ["copy synchronously twice"] = async (content, says) =>
            {
                Copy(content, says);
                Copy(content, says);
                await CopyAsync(content, says);
            },
            ["load into a buffer, then read"] = async (content, says) =>
            {
                await says.TryAsync("load", () => Of(content.LoadIntoBufferAsync()));
                await says.TryAsync("again", () => Of(content.LoadIntoBufferAsync()));
                await CopyAsync(content, says);
                await CopyAsync(content, says);
                await says.TryAsync("stream", async () => await ReadToEndAsync(await content.ReadAsStreamAsync()));
                await says.TryAsync("string", () => Of(content.ReadAsStringAsync()));
            },
            ["load into too small a buffer"] = async (content, says) =>
            {
                await says.TryAsync("load", () => Of(content.LoadIntoBufferAsync(20)));
            },
            ["read a stream, then everything else"] = async (content, says) =>
            {
                await says.TryAsync("stream", async () => await ReadToEndAsync(await content.ReadAsStreamAsync()));
                await says.TryAsync(
                    "same", async () => ReferenceEquals(await content.ReadAsStreamAsync(), await content.ReadAsStreamAsync()));
                await CopyAsync(content, says);
                await says.TryAsync("string", () => Of(content.ReadAsStringAsync()));
            },
            ["read a stream synchronously"] = async (content, says) =>
            {
                says.Try("same", () => ReferenceEquals(content.ReadAsStream(), content.ReadAsStream()));
                await says.TryAsync("stream", async () => await ReadToEndAsync(content.ReadAsStream()));
                await says.TryAsync("same", async () => ReferenceEquals(await content.ReadAsStreamAsync(), content.ReadAsStream()));
            },
            ["one byte, then a string"] = async (content, says) =>
            {
                await says.TryAsync("byte", async () => (await content.ReadAsStreamAsync()).ReadByte());
                await says.TryAsync("string", () => Of(content.ReadAsStringAsync()));
            },
            ["one byte, then a copy, then the rest"] = async (content, says) =>
            {
                await says.TryAsync("byte", async () => (await content.ReadAsStreamAsync()).ReadByte());
                await CopyAsync(content, says);
                await says.TryAsync("rest", async () => await ReadToEndAsync(await content.ReadAsStreamAsync()));
            },
            ["one byte, then a buffer"] = async (content, says) =>
            {
                says.Try("byte", () => content.ReadAsStream().ReadByte());
                await says.TryAsync("load", () => Of(content.LoadIntoBufferAsync()));
                await says.TryAsync("string", () => Of(content.ReadAsStringAsync()));
            },
            ["copy, then a stream"] = async (content, says) =>
            {
                await CopyAsync(content, says);
                await says.TryAsync("stream", async () => await ReadToEndAsync(await content.ReadAsStreamAsync()));
            },
            ["headers and length"] = async (content, says) =>
            {
                Describe(content, says);
                await says.TryAsync("load", () => Of(content.LoadIntoBufferAsync()));
                Describe(content, says);
            },
            ["dispose, then everything"] = async (content, says) =>
            {
                content.Dispose();
                content.Dispose();
                await CopyAsync(content, says);
                Copy(content, says);
                await says.TryAsync("stream", () => Of(content.ReadAsStreamAsync()));
                says.Try("stream", () => content.ReadAsStream());
                await says.TryAsync("load", () => Of(content.LoadIntoBufferAsync()));
                await says.TryAsync("string", () => Of(content.ReadAsStringAsync()));
                says.Try("header", () => content.Headers.ContentType);
            },
            ["wrong arguments"] = async (content, says) =>
            {
                await says.TryAsync("copy", () => Of(content.CopyToAsync(null!)));
                says.Try("copy", () => content.CopyTo(null!, null, default));
                await says.TryAsync("load", () => Of(content.LoadIntoBufferAsync(-1)));
                await says.TryAsync("string", () => Of(content.ReadAsStringAsync()));
            },
            ["a destination that fails"] = async (content, says) =>
            {
                await says.TryAsync("copy", () => Of(content.CopyToAsync(new FullDisk())));
            },
            ["a destination that fails, synchronously"] = (content, says) =>
            {
                says.Try("copy", () => content.CopyTo(new FullDisk(), null, default));
                return Task.CompletedTask;
            },
            ["cancelled before"] = async (content, says) =>
            {
                var cancelled = new CancellationToken(canceled: true);
                await says.TryAsync("string", () => Of(content.ReadAsStringAsync(cancelled)));
            },
        };

    private static void Describe(HttpContent content, Transcript says)
    {
        says.Try("length", () => content.Headers.ContentLength);
        foreach ((string name, IEnumerable<string> values) in content.Headers.OrderBy(header => header.Key, StringComparer.Ordinal))
        {
            says.Say($"{name}: {string.Join('|', values)}");
        }
    }

    private static async Task CopyAsync(HttpContent content, Transcript says)
    {
        var copy = new MemoryStream();
        await says.TryAsync("copy, async", () => Of(content.CopyToAsync(copy)));
        says.Say(Convert.ToHexString(copy.ToArray()));
    }

    private static void Copy(HttpContent content, Transcript says) => says.Try("copy", () =>
    {
        var copy = new MemoryStream();
        content.CopyTo(copy, null, default);
        return Convert.ToHexString(copy.ToArray());
    });

    private static async Task<object?> ReadToEndAsync(Stream stream)
    {
        var seen = new MemoryStream();
        await stream.CopyToAsync(seen);
        return Convert.ToHexString(seen.ToArray());
    }
}
