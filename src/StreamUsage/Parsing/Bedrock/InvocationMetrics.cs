namespace StreamUsage.Parsing.Bedrock;

/// <summary>Names the object of counts that Bedrock adds to the last event of any invoked model's stream.
/// <see cref="ConverseUsage.FillIn"/> reads it.</summary>
internal static class InvocationMetrics
{
    public static ReadOnlySpan<byte> Name => "amazon-bedrock-invocationMetrics"u8;
}
