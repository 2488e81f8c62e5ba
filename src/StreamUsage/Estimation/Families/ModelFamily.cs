namespace StreamUsage.Estimation.Families;

/// <summary>Models that count alike: how they are named, which encoding is theirs or nearest to it, and their rule.</summary>
internal sealed record ModelFamily
{
    /// <summary>What the family is called.</summary>
    public string Name { get; init; } = "";

    /// <summary>
    /// How names of its models begin, in lower case: <c>-</c> stands for <c>.</c>, <c>_</c>, <c>@</c> and <c>:</c> as well, <c>*</c> for letters, and a pattern that ends in a digit is not followed by another one.
    /// What stands before it in a model's name, up to one of <c>/ . : - _ @</c>, and what follows it (dates, versions, regions, providers, fine-tunes) does not matter. The pattern that matches furthest to the
    /// left counts, of several there the one that matches most.
    /// </summary>
    public IReadOnlyList<string> Models { get; init; } = [];

    /// <summary>The protocol that the rule is for, as <see cref="UsageRecord.Protocol"/> says it; null for any. Where two families fit, the one that names the protocol counts.</summary>
    public string? Protocol { get; init; }

    /// <summary>The encoding that texts are counted with.</summary>
    public TokenEncoding Encoding { get; init; }

    /// <summary>How tools are written out.</summary>
    public ToolNotation Tools { get; init; }

    /// <summary>What is added to, or multiplies, the tokens of the text.</summary>
    public TokenRule Rule { get; init; } = new();

    /// <summary>What an image in a request costs.</summary>
    public ImageRule Image { get; init; } = new();

    /// <summary>Tokens of a second of sound in a request. 10 unless said otherwise: OpenAI, published ("Managing costs", a token for 100 ms).</summary>
    public double AudioPerSecond { get; init; } = 10;

    /// <summary>Tokens of a second of video in a request, its sound included. 263 unless said otherwise: Google, published ("Understand and count tokens").</summary>
    public double VideoPerSecond { get; init; } = 263;
}
