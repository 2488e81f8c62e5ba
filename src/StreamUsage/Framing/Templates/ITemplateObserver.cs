using StreamUsage.Parsing;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Framing.Templates;

/// <summary>Receives the output of events that match a template. The text's length is known from matching.</summary>
internal interface ITemplateObserver : IOutputObserver
{
    /// <summary>Reports output like <see cref="IOutputObserver.OnOutput"/>, as the inside of a JSON string.</summary>
    /// <param name="kind">The kind of output.</param>
    /// <param name="choiceIndex">The index of the choice.</param>
    /// <param name="bytes">The bytes from the text's start, which may continue beyond the text.</param>
    /// <param name="text">The text's length.</param>
    void OnOutput(OutputKind kind, int choiceIndex, ReadOnlySpan<byte> bytes, StringScan text);

    /// <summary>Reports output of a counting event. Its text need not be kept, since the event counts it.</summary>
    void OnCountedOutput(OutputKind kind, StringScan text);
}
