namespace StreamUsage.Parsing;

/// <summary>What a parser tells beside the state: output as it passes, the usage object as it was sent, and counts that made no sense.</summary>
/// <remarks>
/// Where <see cref="KeepsMessage"/> is true, a parser may also say what block of the message its output belongs to. One that does not is understood all the same: output of one kind
/// after another of the same choice is one block, and a tool's name begins a call.
/// </remarks>
internal interface IOutputObserver
{
    /// <summary>Whether the message is kept: else nothing comes of <see cref="OnMessage"/>, <see cref="OnBlock"/> and <see cref="OnField"/>, and a parser need not look for what they tell.</summary>
    bool KeepsMessage => false;

    /// <summary>A piece of the model's output. Not kept by the parser; counted, and where asked for kept, by the observer.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="choiceIndex">The choice it belongs to; 0 where a wire has one.</param>
    /// <param name="utf8">The text in UTF-8: the inside of a JSON string as it was sent where <paramref name="isEscaped"/>, else plain.</param>
    /// <param name="isEscaped">Whether the text has JSON escapes in it (<see cref="System.Text.Json.Utf8JsonReader.ValueIsEscaped"/>).</param>
    void OnOutput(OutputKind kind, int choiceIndex, ReadOnlySpan<byte> utf8, bool isEscaped);

    /// <summary>The provider's usage object.</summary>
    /// <param name="utf8Json">The object as it was sent.</param>
    /// <param name="isCumulative">Whether fields of it replace those of the one before and the others stay; else it replaces the one before as a whole.</param>
    void OnReportedUsage(ReadOnlySpan<byte> utf8Json, bool isCumulative);

    /// <summary>A count that is negative, fractional, over 2^40 or no number at all, and was therefore ignored.</summary>
    /// <param name="name">The property's name in UTF-8.</param>
    void OnIgnoredCount(ReadOnlySpan<byte> name);

    /// <summary>Reports a field of a usage object that the parser does not know, so that a new count never passes unseen.</summary>
    /// <param name="name">The property's name in UTF-8, as it was sent.</param>
    void OnUnknownUsageField(ReadOnlySpan<byte> name)
    {
    }

    /// <summary>The message, or its role.</summary>
    /// <param name="role">The role in UTF-8, the inside of a JSON string as it was sent; empty where it is not said here.</param>
    /// <param name="isNew">Whether a message begins here: it takes the place of one that was told before.</param>
    void OnMessage(ReadOnlySpan<byte> role, bool isNew)
    {
    }

    /// <summary>The block that the choice's output belongs to from here on, until another one is told.</summary>
    /// <param name="block">The block.</param>
    void OnBlock(OutputBlock block)
    {
    }

    /// <summary>
    /// A field of the choice's block as a whole: what is not output (a signature), or was told as output before, in pieces. It is not counted. In the stages
    /// <see cref="BlockStage.Done"/> and <see cref="BlockStage.Repeat"/> it stands only where the block has nothing of it yet.
    /// </summary>
    /// <param name="field">The field.</param>
    /// <param name="choiceIndex">The choice; 0 where a wire has one.</param>
    /// <param name="utf8">Its value, like that of <see cref="OnOutput"/>; of <see cref="BlockField.Input"/> JSON as it was sent where <paramref name="isEscaped"/> is false.</param>
    /// <param name="isEscaped">Whether the value has JSON escapes in it.</param>
    void OnField(BlockField field, int choiceIndex, ReadOnlySpan<byte> utf8, bool isEscaped)
    {
    }
}
