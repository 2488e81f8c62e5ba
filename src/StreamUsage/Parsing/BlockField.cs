namespace StreamUsage.Parsing;

/// <summary>Specifies a field of a content block whose value comes in one piece.</summary>
internal enum BlockField
{
    /// <summary>The text: <see cref="ContentBlock.Text"/>.</summary>
    Text,

    /// <summary>The tool's name: <see cref="ContentBlock.ToolName"/>.</summary>
    Name,

    /// <summary>The tool's input: <see cref="ContentBlock.InputJson"/>.</summary>
    Input,

    /// <summary>The signature, or other opaque data: <see cref="ContentBlock.Signature"/>.</summary>
    Signature,
}
