namespace StreamUsage.Parsing;

/// <summary>Receives what a parser finds beside the state: output, the usage object and ignored counts.</summary>
/// <remarks>A parser may also report blocks. If it reports none, consecutive output of one kind and choice forms one
/// block, and a tool's name begins a call.</remarks>
internal interface IOutputObserver
{
    /// <summary>Gets whether the message is captured. If not, <see cref="OnBlock"/> and <see cref="OnField"/> have no
    /// effect, nor has the role of <see cref="OnMessage"/>, so a parser can skip them.</summary>
    bool KeepsMessage => false;

    /// <summary>Reports a piece of the model's output, which is counted and, if asked for, kept.</summary>
    /// <param name="kind">The kind of output.</param>
    /// <param name="choiceIndex">The index of the choice; 0 if the protocol has only one.</param>
    /// <param name="utf8">The text in UTF-8: the raw inside of a JSON string if <paramref name="isEscaped"/>, else
    /// plain.</param>
    /// <param name="isEscaped">Whether the text has JSON escapes.</param>
    void OnOutput(OutputKind kind, int choiceIndex, ReadOnlySpan<byte> utf8, bool isEscaped);

    /// <summary>Reports the provider's usage object.</summary>
    /// <param name="utf8Json">The object as it was sent.</param>
    /// <param name="isCumulative">Whether its fields update the previous object; else it replaces that object.</param>
    void OnReportedUsage(ReadOnlySpan<byte> utf8Json, bool isCumulative);

    /// <summary>Reports a count that was ignored: negative, fractional, over 2^40 or no number.</summary>
    /// <param name="name">The property's name in UTF-8.</param>
    void OnIgnoredCount(ReadOnlySpan<byte> name);

    /// <summary>Reports an unknown field of a usage object, so that a new count is noticed.</summary>
    /// <param name="name">The property's name in UTF-8, as it was sent.</param>
    void OnUnknownUsageField(ReadOnlySpan<byte> name)
    {
    }

    /// <summary>Reports the message or its role.</summary>
    /// <param name="role">The role: the raw inside of a JSON string in UTF-8; empty if unknown.</param>
    /// <param name="isNew">Whether a message begins, replacing an earlier one.</param>
    void OnMessage(ReadOnlySpan<byte> role, bool isNew)
    {
    }

    /// <summary>Reports the block that the choice's following output belongs to.</summary>
    /// <param name="block">The block.</param>
    void OnBlock(OutputBlock block)
    {
    }

    /// <summary>Reports a whole field of the choice's block. It is not counted. In the stages
    /// <see cref="BlockStage.Done"/> and <see cref="BlockStage.Repeat"/>, it is used only if the block has no such
    /// field yet.</summary>
    /// <param name="field">The field.</param>
    /// <param name="choiceIndex">The index of the choice; 0 if the protocol has only one.</param>
    /// <param name="utf8">The value, like that of <see cref="OnOutput"/>; an unescaped <see cref="BlockField.Input"/>
    /// is JSON.</param>
    /// <param name="isEscaped">Whether the value has JSON escapes.</param>
    void OnField(BlockField field, int choiceIndex, ReadOnlySpan<byte> utf8, bool isEscaped)
    {
    }
}
