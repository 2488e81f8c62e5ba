namespace StreamUsage;

/// <summary>Adds zstd to a tracker's content encodings.</summary>
public static class ZstdOptionsExtensions
{
    /// <summary>Tracks bodies with Content-Encoding <c>zstd</c>. The reader gets the encoded bytes; a decoded copy is
    /// tracked.</summary>
    /// <param name="options">The options.</param>
    /// <returns>These options.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    public static StreamUsageOptions AddZstd(this StreamUsageOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options.AddContentEncoding("zstd", () => new Decompression.ZstdContentDecoder());
    }
}
