namespace StreamUsage.Parsing;

/// <summary>Specifies the kind of a piece of output.</summary>
internal enum OutputKind
{
    /// <summary>Text of the answer.</summary>
    Text,

    /// <summary>Shown reasoning.</summary>
    Reasoning,

    /// <summary>Text of a refusal.</summary>
    Refusal,

    /// <summary>The name of a called tool.</summary>
    ToolName,

    /// <summary>Part of a tool call's arguments.</summary>
    ToolArguments,

    /// <summary>A citation. The estimate adds a fixed number of tokens. The quoted text is neither counted nor kept,
    /// because the model did not write it.</summary>
    Citation,
}
