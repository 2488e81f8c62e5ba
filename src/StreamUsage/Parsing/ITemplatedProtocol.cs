namespace StreamUsage.Parsing;

/// <summary>A wire most of whose events are alike but for some text, so that their shape can be learned (an event template).</summary>
internal interface ITemplatedProtocol
{
    /// <summary>Whether the state never depends on the value of a property of this name: it is output, or the parser does not read it.</summary>
    bool IsFree(ReadOnlySpan<byte> name);

    /// <summary>Whether a number of this name is a count so far, which the next one replaces: of events that differ in output and counts only, the last one's counts are the state's.</summary>
    bool IsCount(ReadOnlySpan<byte> name) => false;
}
