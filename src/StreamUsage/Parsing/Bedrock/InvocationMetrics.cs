namespace StreamUsage.Parsing.Bedrock;

/// <summary>Reads the counts that Bedrock adds to the last event of any invoked model's stream.</summary>
internal static class InvocationMetrics
{
    public static ReadOnlySpan<byte> Name => "amazon-bedrock-invocationMetrics"u8;
}
