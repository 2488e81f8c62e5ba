namespace StreamUsage.Estimation.Families;

/// <summary>Represents models that count alike: their names, their encoding and their rule.</summary>
internal sealed record ModelFamily
{
    /// <summary>Gets the family's name.</summary>
    public string Name { get; init; } = "";

    /// <summary>Gets the lower-case patterns at the start of its models' names. A <c>-</c> also matches <c>.</c>,
    /// <c>_</c>, <c>@</c>, <c>/</c> and <c>:</c>, and <c>*</c> matches letters. A pattern that ends in a digit does not
    /// match before another digit.</summary>
    /// <remarks>Text before the pattern, up to one of <c>/ . : - _ @</c>, and text after it (dates, versions, regions)
    /// is ignored. The leftmost match counts; of several there, the longest.</remarks>
    public IReadOnlyList<string> Models { get; init; } = [];

    /// <summary>Gets the protocol of the rule (<see cref="UsageRecord.Protocol"/>); null for any. Of two matching
    /// families, the one with the protocol counts.</summary>
    public string? Protocol { get; init; }

    /// <summary>Gets the encoding with which texts are counted.</summary>
    public TokenEncoding Encoding { get; init; }

    /// <summary>Gets how tool definitions and calls are written.</summary>
    public ToolNotation Tools { get; init; }

    /// <summary>Gets the corrections to the tokens of the text.</summary>
    public TokenRule Rule { get; init; } = new();

    /// <summary>Gets the tokens of an image in a request.</summary>
    public ImageRule Image { get; init; } = new();

    /// <summary>Gets the tokens of a second of audio in a request: 10 by default. Source: OpenAI, "Managing costs" (a
    /// token for 100 ms).</summary>
    public double AudioPerSecond { get; init; } = 10;

    /// <summary>Gets the tokens of a second of video in a request, with its audio: 263 by default. Source: Google,
    /// "Understand and count tokens".</summary>
    public double VideoPerSecond { get; init; } = 263;
}
