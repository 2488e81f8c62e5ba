using StreamUsage.Diagnostics;

namespace StreamUsage.Tests.Diagnostics;

/// <summary>The conventions' names of providers, from what is known of a response.</summary>
public sealed class GenAIProvidersTests
{
    [Theory]
    [InlineData("api.openai.com", "openai")]
    [InlineData("api.anthropic.com", "anthropic")]
    [InlineData("bedrock-runtime.eu-west-1.amazonaws.com", "aws.bedrock")]
    [InlineData("mine.openai.azure.com", "azure.ai.openai")]
    [InlineData("mine.services.ai.azure.com", "azure.ai.inference")]
    [InlineData("generativelanguage.googleapis.com", "gcp.gemini")]
    [InlineData("us-central1-aiplatform.googleapis.com", "gcp.vertex_ai")]
    [InlineData("cloudcode-pa.googleapis.com", "gcp.gen_ai")]
    [InlineData("api.mistral.ai", "mistral_ai")]
    [InlineData("api.deepseek.com", "deepseek")]
    [InlineData("api.groq.com", "groq")]
    [InlineData("API.X.AI", "x_ai")]
    [InlineData("api.perplexity.ai", "perplexity")]
    [InlineData("api.moonshot.cn", "moonshot_ai")]
    [InlineData("us-south.ml.cloud.ibm.com", "ibm.watsonx.ai")]
    [InlineData("api.cohere.com", "cohere")]
    [InlineData("api.fox.ai.example", "openai")] // By its protocol.
    [InlineData("fox.ai", "openai")]
    public void A_host_names_its_provider(string host, string expected) =>
        GenAIProviders.Of(new UsageRecord { Protocol = "openai-chat" }, host).Should().Be(expected);

    [Theory]
    [InlineData("anthropic-messages", "anthropic")]
    [InlineData("openai-responses", "openai")]
    [InlineData("gemini", "gcp.gen_ai")]
    [InlineData("bedrock-converse", "aws.bedrock")]
    [InlineData("cohere-chat", "cohere")]
    [InlineData("mistral-conversations", "mistral_ai")]
    [InlineData("parrot", "parrot")]
    [InlineData(null, "unknown")]
    public void A_protocol_names_its_provider(string? protocol, string expected) =>
        GenAIProviders.Of(new UsageRecord { Protocol = protocol }, host: null).Should().Be(expected);

    [Theory]
    [InlineData("openai", null, "openai")]
    [InlineData("google", null, "gcp.gen_ai")]
    [InlineData("google", "us-central1-aiplatform.googleapis.com", "gcp.vertex_ai")]
    [InlineData("Azure", null, "azure.ai.openai")]
    [InlineData("azure", "mine.services.ai.azure.com", "azure.ai.inference")]
    [InlineData("aws", "api.openai.com", "aws.bedrock")]
    [InlineData("mistral", null, "mistral_ai")]
    [InlineData("x-ai", null, "x_ai")]
    [InlineData("moonshotai", null, "moonshot_ai")]
    [InlineData("acme", "api.openai.com", "acme")]
    public void The_callers_name_comes_first(string named, string? host, string expected)
    {
        var record = new UsageRecord { Protocol = "openai-chat", Context = new UsageContext { Provider = named } };

        GenAIProviders.Of(record, host).Should().Be(expected);
    }

    [Fact]
    public void A_format_that_the_caller_named_serves_where_nothing_was_read() =>
        GenAIProviders.Of(new UsageRecord { ApiFormat = ApiFormat.Claude }, host: null).Should().Be("anthropic");
}
