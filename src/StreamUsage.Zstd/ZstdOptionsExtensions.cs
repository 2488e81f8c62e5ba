namespace StreamUsage;

/// <summary>Adds zstd to the encodings that a tracker decodes.</summary>
public static class ZstdOptionsExtensions
{
    /// <summary>Bodies under Content-Encoding <c>zstd</c> are accounted too. They pass as they are; a decoded copy is
    /// read.</summary>
    /// <param name="options">The options.</param>
    /// <returns>These options.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    public static StreamUsageOptions AddZstd(this StreamUsageOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options.AddContentEncoding("zstd", () => new Decompression.ZstdContentDecoder());
    }
}
