using System.Text.Json;
using StreamUsage.Benchmarks.Workloads;

namespace StreamUsage.Benchmarks.Contenders;

/// <summary>What the contenders that are written by hand gather: the last usage that was reported, and how much was
/// written, in case none is.</summary>
internal sealed class UsageByHand
{
    private readonly char[] _text = new char[81_920];

    public long InputTokens { get; set; }

    public long CacheReadTokens { get; set; }

    public long CacheCreationTokens { get; set; }

    public long OutputTokens { get; set; }

    public long Characters { get; set; }

    /// <summary>OpenAI's and Gemini's input includes what was read from the cache.</summary>
    public Totals ToTotals(Protocol protocol) => new(protocol == Protocol.Claude ? InputTokens : InputTokens - CacheReadTokens,
        CacheReadTokens, CacheCreationTokens, OutputTokens, Characters);

    public void Reset()
    {
        InputTokens = 0;
        CacheReadTokens = 0;
        CacheCreationTokens = 0;
        OutputTokens = 0;
        Characters = 0;
    }

    /// <summary>Adds the string that the reader stands on.</summary>
    public void AddText(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            Characters += reader.CopyString(_text);
        }
    }
}
