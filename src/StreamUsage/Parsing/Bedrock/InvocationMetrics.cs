namespace StreamUsage.Parsing.Bedrock;

/// <summary>The counts that Bedrock adds to the last event of an invoked model's own stream, whichever model it
/// is.</summary>
internal static class InvocationMetrics
{
    public static ReadOnlySpan<byte> Name => "amazon-bedrock-invocationMetrics"u8;
}
