using System.IO.Compression;
using System.Text;

namespace StreamUsage.Tests.Support;

/// <summary>Bodies under a Content-Encoding, as servers make them.</summary>
internal static class Encoded
{
    /// <summary>Every header value that is decoded, <c>deflate</c> twice: <c>deflate-raw</c> stands for bare deflate
    /// under the same header.</summary>
    public static IReadOnlyList<string> All { get; } = ["gzip", "x-gzip", "br", "deflate", "deflate-raw", "zstd", "gzip, br",
        "br,identity, GZIP , deflate"];

    public static string Header(string encoding) => encoding == "deflate-raw" ? "deflate" : encoding;

    public static byte[] Encode(string encoding, byte[] body) => Encode(encoding, [body]).SelectMany(piece => piece).ToArray();

    /// <summary>What each piece comes to where the server flushes after it, and what the end adds.</summary>
    public static List<byte[]> Encode(string encoding, IEnumerable<byte[]> pieces)
    {
        var bytes = new MemoryStream();
        var streams = new List<Stream> { bytes };
        foreach (string name in encoding.Split(',', StringSplitOptions.TrimEntries).Reverse())
        {
            Stream? stream = name.ToUpperInvariant() switch
            {
                "GZIP" or "X-GZIP" => new GZipStream(streams[^1], CompressionLevel.Optimal, leaveOpen: true),
                "BR" => new BrotliStream(streams[^1], CompressionLevel.Fastest, leaveOpen: true),
                "ZSTD" => new ZstdSharp.CompressionStream(streams[^1], level: 1, leaveOpen: true),
                "DEFLATE" => new ZLibStream(streams[^1], CompressionLevel.Optimal, leaveOpen: true),
                "DEFLATE-RAW" => new DeflateStream(streams[^1], CompressionLevel.Optimal, leaveOpen: true),
                _ => null,
            };
            streams.AddRange(stream is null ? [] : [stream]);
        }

        var encoded = new List<byte[]>();
        foreach (byte[] piece in pieces)
        {
            streams[^1].Write(piece);
            for (int i = streams.Count - 1; i > 0; i--)
            {
                streams[i].Flush();
            }

            encoded.Add(Take(bytes));
        }

        for (int i = streams.Count - 1; i > 0; i--)
        {
            streams[i].Dispose();
        }

        encoded.Add(Take(bytes));
        return encoded;
    }

    /// <summary>The events of a body of server-sent events, each with its blank line.</summary>
    public static byte[][] Events(string body) =>
        [.. body.ReplaceLineEndings("\n")
            .Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(lines => Encoding.UTF8.GetBytes(lines + "\n\n"))];

    private static byte[] Take(MemoryStream bytes)
    {
        byte[] taken = bytes.ToArray();
        bytes.SetLength(0);
        return taken;
    }
}
