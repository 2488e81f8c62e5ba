namespace StreamUsage.Parsing;

/// <summary>An observer that is also told output whose length was counted on the way.</summary>
internal interface IShapeObserver : IOutputObserver
{
    /// <summary>As <see cref="IOutputObserver.Output"/>, of the inside of a JSON string.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="choiceIndex">Its choice.</param>
    /// <param name="bytes">The bytes from the text's first on; others may follow it.</param>
    /// <param name="text">The text's length, and what is known of it.</param>
    void Output(OutputKind kind, int choiceIndex, ReadOnlySpan<byte> bytes, StringScan text);
}
