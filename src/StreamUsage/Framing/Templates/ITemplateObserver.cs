using StreamUsage.Parsing;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Framing.Templates;

/// <summary>An observer that is also told output whose length was counted on the way.</summary>
internal interface ITemplateObserver : IOutputObserver
{
    /// <summary>As <see cref="IOutputObserver.OnOutput"/>, of the inside of a JSON string.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="choiceIndex">Its choice.</param>
    /// <param name="bytes">The bytes from the text's first on; others may follow it.</param>
    /// <param name="text">The text's length, and what is known of it.</param>
    void OnOutput(OutputKind kind, int choiceIndex, ReadOnlySpan<byte> bytes, StringScan text);

    /// <summary>Reports output of an event that counts it as well.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="text">The text's length, and what is known of it.</param>
    void OnCountedOutput(OutputKind kind, StringScan text);
}
