namespace StreamUsage.Parsing;

/// <summary>What a piece of output is.</summary>
internal enum OutputKind
{
    /// <summary>Text of the answer.</summary>
    Text,

    /// <summary>Reasoning that is shown.</summary>
    Reasoning,

    /// <summary>A refusal.</summary>
    Refusal,

    /// <summary>The name of a tool that is called.</summary>
    ToolName,

    /// <summary>A part of a tool call's arguments.</summary>
    ToolArguments,

    /// <summary>A citation in the text, which the model has marked: its text is the source's, counts no characters and is not kept, but the mark costs tokens.</summary>
    Citation,
}
