using System.Runtime.CompilerServices;

namespace StreamUsage.Accounting;

/// <summary>Collects the counts of one usage object, in any order. A 0 never replaces a count. Of two different counts,
/// the name with the lower rank in the protocol's table wins; of equal ranks, the larger count. A mutable struct: never
/// copy it.</summary>
internal struct UsageReport
{
    private const int Counts = (int)UsageCount.Searches + 1;

    private Values _values; // Plus one, so that the default is "not reported".
    private Ranks _ranks;
    private ReportedTokens.Notes _notes;

    /// <summary>Gets or sets whether a cache count has Anthropic's name, whose input excludes it.</summary>
    public bool HasAnthropicCacheNames { get; set; }

    /// <summary>Gets or sets whether the server declares Anthropic's convention.</summary>
    public bool IsAnthropicSemantic { get; set; }

    public ModalityCounts InputModalities { get; set; }

    public ModalityCounts CacheModalities { get; set; }

    public ModalityCounts OutputModalities { get; set; }

    public readonly bool IsEmpty
    {
        get
        {
            for (int i = 0; i < Counts; i++)
            {
                if (_values[i] != 0)
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>Adds a count.</summary>
    /// <param name="count">The kind of count.</param>
    /// <param name="value">The value.</param>
    /// <param name="rank">The rank of the name in the protocol's table; 0 is the protocol's own name.</param>
    public void Add(UsageCount count, long value, byte rank)
    {
        ref long known = ref _values[(int)count];
        ref byte knownRank = ref _ranks[(int)count];
        bool replaces = known == 0 || value > 0;
        if (known > 1 && value > 0)
        {
            _notes |= ReportedTokens.Notes.HasTwoNames | (known - 1 == value ? 0 : ReportedTokens.Notes.HasConflict);
            replaces = rank < knownRank || (rank == knownRank && value > known - 1);
        }

        if (replaces)
        {
            known = value + 1;
            knownRank = rank;
        }
    }

    /// <summary>Returns a count; null if it was not reported.</summary>
    public readonly long? Get(UsageCount count) => _values[(int)count] is var stored and not 0 ? stored - 1 : null;

    public readonly ReportedTokens ToTokens(TokenConvention convention)
    {
        long? cacheRead = Get(UsageCount.CacheRead);
        cacheRead = cacheRead is null or 0 ? CacheModalities.Sum ?? cacheRead : cacheRead;
        long? citations = Get(UsageCount.Citations);
        bool isPerplexity = (citations ?? Get(UsageCount.Searches)) is not null;
        if (isPerplexity)
        {
            // Perplexity's total and completion exclude citations and reasoning, so its total proves nothing.
            convention |= TokenConvention.ReasoningBesideOutput;
        }

        if (HasAnthropicCacheNames || IsAnthropicSemantic)
        {
            convention |= TokenConvention.AnthropicCacheNames;
        }

        if (IsAnthropicSemantic)
        {
            convention &= ~TokenConvention.InputIncludesCache;
        }

        return new ReportedTokens(_notes)
        {
            Convention = convention,
            InputTokens = Input(cacheRead),
            ExtraInputTokens = Get(UsageCount.ToolInput),
            CacheReadTokens = cacheRead,
            CacheCreationTokens = Get(UsageCount.CacheCreation),
            CacheCreation5mTokens = Get(UsageCount.CacheCreation5m),
            CacheCreation1hTokens = Get(UsageCount.CacheCreation1h),
            OutputTokens = Get(UsageCount.Output) + (citations ?? 0),
            ReasoningTokens = Get(UsageCount.Reasoning),
            TotalTokens = isPerplexity ? null : Get(UsageCount.Total),
            InputAudioTokens = Get(UsageCount.InputAudio) ?? InputModalities.Audio,
            CacheReadAudioTokens = Get(UsageCount.CacheReadAudio) ?? CacheModalities.Audio,
            OutputAudioTokens = Get(UsageCount.OutputAudio) ?? OutputModalities.Audio,
            OutputImageTokens = Get(UsageCount.OutputImage) ?? OutputModalities.Image,
        };
    }

    private readonly long? Input(long? cacheRead)
    {
        long? own = Get(UsageCount.Input);
        if (own is > 0 || Get(UsageCount.InputWithCache) is not { } whole)
        {
            return own;
        }

        long lifetimes = (Get(UsageCount.CacheCreation5m) ?? 0) + (Get(UsageCount.CacheCreation1h) ?? 0);
        return Math.Max(0, whole - (cacheRead ?? 0) - Math.Max(Get(UsageCount.CacheCreation) ?? 0, lifetimes));
    }

    [InlineArray(Counts)]
    private struct Values
    {
        private long _first;
    }

    [InlineArray(Counts)]
    private struct Ranks
    {
        private byte _first;
    }
}
