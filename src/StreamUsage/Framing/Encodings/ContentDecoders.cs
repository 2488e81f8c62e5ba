namespace StreamUsage.Framing.Encodings;

/// <summary>Represents the content encodings of a tracker: the built-in ones and added ones.</summary>
internal sealed class ContentDecoders(IEnumerable<KeyValuePair<string, Func<IContentDecoder>>> added)
{
    // Two are rare already, and each multiplies the decoded size.
    private const int MaxEncodings = 3;

    private readonly Dictionary<string, Func<IContentDecoder>> _factories = new(
        [
            new("gzip", () => new DeflateContentDecoder(isGzip: true)),
            new("x-gzip", () => new DeflateContentDecoder(isGzip: true)),
            new("deflate", () => new DeflateContentDecoder(isGzip: false)),
            new("br", () => new BrotliContentDecoder()),
        ],
        StringComparer.OrdinalIgnoreCase);

    private readonly KeyValuePair<string, Func<IContentDecoder>>[] _added = [.. added];

    /// <summary>Returns the decoders of a Content-Encoding, in decoding order. Returns null if the body is not encoded,
    /// and an empty list if an encoding is unsupported.</summary>
    public IReadOnlyList<Func<IContentDecoder>>? Find(string? contentEncoding)
    {
        if (string.IsNullOrWhiteSpace(contentEncoding))
        {
            return null;
        }

        var factories = new List<Func<IContentDecoder>>();
        foreach (string name in contentEncoding.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (name.Equals("identity", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            if (FindOne(name) is not { } factory || factories.Count == MaxEncodings)
            {
                return [];
            }

            factories.Add(factory);
        }

        factories.Reverse();
        return factories.Count == 0 ? null : factories;
    }

    private Func<IContentDecoder>? FindOne(string name)
    {
        foreach ((string addedName, Func<IContentDecoder> factory) in _added)
        {
            if (name.Equals(addedName, StringComparison.OrdinalIgnoreCase))
            {
                return factory;
            }
        }

        return _factories.GetValueOrDefault(name);
    }
}
