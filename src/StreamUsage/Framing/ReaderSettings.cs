using StreamUsage.Buffers;
using StreamUsage.Parsing;

namespace StreamUsage.Framing;

/// <summary>What all bodies of a tracker are read with.</summary>
/// <param name="Parsers">The parsers to choose from.</param>
/// <param name="MaxEventBytes">The largest event that is kept; a larger one is read as it passes.</param>
internal sealed record ReaderSettings(ParserSet Parsers, long MaxEventBytes)
{
    /// <summary>What all of them together may keep; null where that is not limited.</summary>
    public BufferBudget? Budget { get; init; }

    /// <summary>The most of a body's text that is kept for estimates.</summary>
    public int MaxRetainedTextBytes { get; init; }

    /// <summary>Whether shapes are learned; else each event is parsed.</summary>
    public bool LearnsShapes { get; init; } = true;
}
