namespace StreamUsage.Parsing;

/// <summary>What a parser tells beside the state: output as it passes, the usage object as it was sent, and counts that made no sense.</summary>
public interface IOutputObserver
{
    /// <summary>A piece of the model's output. Not kept by the parser; counted, and where asked for kept, by the observer.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="choiceIndex">The choice it belongs to; 0 where a wire has one.</param>
    /// <param name="utf8">The text in UTF-8: the inside of a JSON string as it was sent where <paramref name="isEscaped"/>, else plain.</param>
    /// <param name="isEscaped">Whether the text has JSON escapes in it (<see cref="System.Text.Json.Utf8JsonReader.ValueIsEscaped"/>).</param>
    void Output(OutputKind kind, int choiceIndex, ReadOnlySpan<byte> utf8, bool isEscaped);

    /// <summary>The provider's usage object.</summary>
    /// <param name="utf8Json">The object as it was sent.</param>
    /// <param name="isCumulative">Whether fields of it replace those of the one before and the others stay; else it replaces the one before as a whole.</param>
    void ReportedUsage(ReadOnlySpan<byte> utf8Json, bool isCumulative);

    /// <summary>A count that is negative, fractional, a string, or over 2^53, and was therefore ignored.</summary>
    /// <param name="name">The property's name in UTF-8.</param>
    void IgnoredCount(ReadOnlySpan<byte> name);
}
