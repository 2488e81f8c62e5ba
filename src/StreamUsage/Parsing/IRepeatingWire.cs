namespace StreamUsage.Parsing;

/// <summary>A wire most of whose events are alike but for some text, so that their shape can be learned (<see cref="EventShape"/>).</summary>
internal interface IRepeatingWire
{
    /// <summary>Whether the state never depends on the value of a property of this name: it is output, or the parser does not read it.</summary>
    bool IsFree(ReadOnlySpan<byte> name);
}
