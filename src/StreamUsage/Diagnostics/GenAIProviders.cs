namespace StreamUsage.Diagnostics;

/// <summary>Names providers as OpenTelemetry's GenAI conventions do (<c>gen_ai.provider.name</c>).</summary>
internal static class GenAIProviders
{
    private const string Unknown = "unknown", AnyGoogle = "gcp.gen_ai";
    private const string AzureOpenAI = "azure.ai.openai", AzureInference = "azure.ai.inference";

    private static readonly (string End, string Name)[] Hosts =
    [
        ("api.openai.com", "openai"), ("api.anthropic.com", "anthropic"), ("amazonaws.com", "aws.bedrock"),
        ("openai.azure.com", AzureOpenAI), ("cognitiveservices.azure.com", AzureOpenAI), ("ai.azure.com", AzureInference),
        ("generativelanguage.googleapis.com", "gcp.gemini"), ("aiplatform.googleapis.com", "gcp.vertex_ai"),
        ("-aiplatform.googleapis.com", "gcp.vertex_ai"), ("googleapis.com", AnyGoogle), ("cohere.com", "cohere"), ("cohere.ai", "cohere"),
        ("mistral.ai", "mistral_ai"), ("deepseek.com", "deepseek"), ("groq.com", "groq"), ("x.ai", "x_ai"),
        ("perplexity.ai", "perplexity"), ("moonshot.ai", "moonshot_ai"), ("moonshot.cn", "moonshot_ai"),
        ("cloud.ibm.com", "ibm.watsonx.ai"), ("openrouter.ai", "openrouter"),
    ];

    /// <summary>Returns the provider of a response: as the caller named it, else by its host, else by its
    /// protocol.</summary>
    /// <param name="record">The response's record.</param>
    /// <param name="host">The host that answered; null if unknown.</param>
    public static string Of(UsageRecord record, string? host)
    {
        string? byHost = OfHost(host);
        return record.Context.Provider is { Length: > 0 } named
            ? OfName(named, byHost, record.Protocol) : byHost ?? OfProtocol(record.Protocol, record.ApiFormat);
    }

    private static string OfName(string named, string? byHost, string? protocol)
    {
        string name = named.Trim().ToLowerInvariant();
        return name switch
        {
            "google" => byHost is not null && byHost.StartsWith("gcp.", StringComparison.Ordinal) ? byHost : AnyGoogle,
            "gemini" => "gcp.gemini",
            "vertex" or "vertexai" or "vertex_ai" or "google-vertex" => "gcp.vertex_ai",
            "aws" or "bedrock" or "amazon" => "aws.bedrock",
            "azure" when byHost is AzureOpenAI or AzureInference => byHost,
            "azure" => protocol?.StartsWith("openai-", StringComparison.Ordinal) != false ? AzureOpenAI : AzureInference,
            "azure-openai" or "azure_openai" => AzureOpenAI,
            "azure_ai" or "azure-ai" => AzureInference,
            "mistral" or "mistralai" => "mistral_ai",
            "x-ai" or "xai" => "x_ai",
            "moonshot" or "moonshotai" => "moonshot_ai",
            "watsonx" or "ibm" => "ibm.watsonx.ai",
            _ => name,
        };
    }

    private static string? OfHost(string? host)
    {
        foreach ((string end, string name) in Hosts)
        {
            if (host is not null && host.EndsWith(end, StringComparison.OrdinalIgnoreCase)
                && (host.Length == end.Length || end[0] == '-' || host[^(end.Length + 1)] == '.'))
            {
                return name;
            }
        }

        return null;
    }

    // Gemini's protocol alone does not tell the two services that speak it apart.
    private static string OfProtocol(string? protocol, ApiFormat format) => protocol switch
    {
        "anthropic-messages" => "anthropic",
        "gemini" or "gemini-interactions" => AnyGoogle,
        "bedrock-converse" or "bedrock-invoke" => "aws.bedrock",
        "mistral-conversations" => "mistral_ai",
        not null when protocol.StartsWith("openai-", StringComparison.Ordinal) => "openai",
        not null when protocol.StartsWith("cohere-", StringComparison.Ordinal) => "cohere",
        not null => protocol,
        _ when format == ApiFormat.Claude || format == ApiFormat.ClaudeCli => "anthropic",
        _ when format == ApiFormat.OpenAI || format == ApiFormat.OpenAICli => "openai",
        _ when format == ApiFormat.Gemini || format == ApiFormat.GeminiCli => AnyGoogle,
        _ when format == ApiFormat.Bedrock => "aws.bedrock",
        _ when format == ApiFormat.Cohere => "cohere",
        _ when format == ApiFormat.Mistral => "mistral_ai",
        _ => Unknown,
    };
}
