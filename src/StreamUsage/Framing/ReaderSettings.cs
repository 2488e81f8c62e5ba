using StreamUsage.Buffers;
using StreamUsage.Parsing;

namespace StreamUsage.Framing;

/// <summary>Represents the reading settings that all bodies of a tracker share.</summary>
/// <param name="Parsers">The parsers to choose from.</param>
/// <param name="MaxEventBytes">The largest event that is buffered.</param>
internal sealed record ReaderSettings(ParserSet Parsers, long MaxEventBytes)
{
    /// <summary>Gets the memory budget of all bodies; null if unlimited.</summary>
    public BufferBudget? Budget { get; init; }

    /// <summary>Gets the largest output text that one body keeps for an estimate.</summary>
    public int MaxRetainedTextBytes { get; init; }

    /// <summary>Gets whether templates are learned; else each event is parsed.</summary>
    public bool LearnsTemplates { get; init; } = true;
}
