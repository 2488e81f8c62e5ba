namespace StreamUsage.Soak.Scripts;

/// <summary>What a reader must know after the events so far, as the script's author knows it: nothing here is computed
/// by the library.</summary>
internal sealed record Known
{
    public static Known Nothing { get; } = new();

    public int Events { get; init; }

    /// <summary>The counts as reported, a placeholder's output included.</summary>
    public TokenUsage Usage { get; init; }

    public bool IsInputReported { get; init; }

    public bool IsOutputReported { get; init; }

    public int Characters { get; init; }

    /// <summary>Any output was seen, a tool's name included.</summary>
    public bool HasOutput { get; init; }

    public bool IsComplete { get; init; }

    /// <summary>The status that an error event stands for; null where there was none.</summary>
    public int? ErrorStatus { get; init; }
}
