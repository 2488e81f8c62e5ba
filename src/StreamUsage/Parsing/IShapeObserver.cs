namespace StreamUsage.Parsing;

/// <summary>An observer that is also told output whose length was counted on the way.</summary>
internal interface IShapeObserver : IOutputObserver
{
    /// <summary>As <see cref="IOutputObserver.Output"/>, with the UTF-16 units of the text.</summary>
    void Output(OutputKind kind, int choiceIndex, ReadOnlySpan<byte> utf8, bool isEscaped, int utf16Length);
}
