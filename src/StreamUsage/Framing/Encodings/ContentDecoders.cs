namespace StreamUsage.Framing.Encodings;

/// <summary>The encodings that a tracker knows: the framework's, and those that were added.</summary>
internal sealed class ContentDecoders(IEnumerable<KeyValuePair<string, Func<IContentDecoder>>> added)
{
    // More than one is rare, and each multiplies what a few bytes can be decoded to.
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

    /// <summary>What decodes a body with this Content-Encoding, in the order in which it is to be done; null where it
    /// is not encoded, empty where it cannot be decoded. The header names encodings in the order in which they were
    /// applied.</summary>
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
