namespace StreamUsage.Parsing;

/// <summary>A field of a block that is told as a whole.</summary>
internal enum BlockField
{
    /// <summary>Its text: <see cref="ContentBlock.Text"/>.</summary>
    Text,

    /// <summary>The tool's name: <see cref="ContentBlock.ToolName"/>.</summary>
    Name,

    /// <summary>The tool's input: <see cref="ContentBlock.InputJson"/>.</summary>
    Input,

    /// <summary>A signature, or other data that only the provider can read: <see cref="ContentBlock.Signature"/>.</summary>
    Signature,
}
