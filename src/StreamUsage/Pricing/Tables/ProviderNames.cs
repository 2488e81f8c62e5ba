namespace StreamUsage.Pricing.Tables;

/// <summary>Unifies the names that price lists, the OpenTelemetry conventions and gateways have for one
/// provider.</summary>
internal static class ProviderNames
{
    /// <summary>Returns the lower-case name of genai-prices; an unknown name stays.</summary>
    public static string Canonical(string name)
    {
        string lower = name.Trim().ToLowerInvariant();
        return lower switch
        {
            "gemini" or "gcp.gemini" or "gcp.vertex_ai" or "gcp.gen_ai" or "vertex" or "vertexai" or "palm" => "google",
            "bedrock" or "aws.bedrock" or "amazon" or "amazon_nova" or "sagemaker" => "aws",
            "azure_ai" or "azure_text" or "azure-openai" or "azure.ai.openai" or "azure.ai.inference" => "azure",
            "xai" or "x_ai" => "x-ai",
            "mistral_ai" or "mistralai" or "codestral" or "text-completion-codestral" => "mistral",
            "cohere_chat" => "cohere",
            "together_ai" or "together-ai" => "together",
            "fireworks_ai" or "fireworks-ai" or "fireworks_ai-embedding-models" => "fireworks",
            "text-completion-openai" => "openai",
            "moonshot" or "moonshot_ai" => "moonshotai",
            "voyage" => "voyageai",
            "z.ai" => "zai",
            _ when lower.StartsWith("vertex_ai", StringComparison.Ordinal) => "google",
            _ when lower.StartsWith("bedrock_", StringComparison.Ordinal) => "aws",
            _ => lower,
        };
    }

    /// <summary>Returns the provider that owns a protocol; null if several use it.</summary>
    public static string? OfProtocol(string? protocol, ApiFormat format) => protocol switch
    {
        "anthropic-messages" => "anthropic",
        "gemini" or "gemini-interactions" => "google",
        "bedrock-converse" => "aws",
        "cohere-chat" => "cohere",
        "mistral-conversations" => "mistral",
        not null when protocol.StartsWith("openai-", StringComparison.Ordinal) => "openai",
        _ when format == ApiFormat.Claude || format == ApiFormat.ClaudeCli => "anthropic",
        _ when format == ApiFormat.OpenAI || format == ApiFormat.OpenAICli => "openai",
        _ when format == ApiFormat.Gemini || format == ApiFormat.GeminiCli => "google",
        _ => null,
    };
}
