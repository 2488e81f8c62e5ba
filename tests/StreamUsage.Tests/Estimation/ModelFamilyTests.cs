using StreamUsage.Estimation;
using StreamUsage.Estimation.Families;


namespace StreamUsage.Tests.Estimation;

public sealed class ModelFamilyTests
{
    [Theory]
    [InlineData("gpt-3.5-turbo-0125", "GPT-4 and GPT-3.5")]
    [InlineData("gpt-35-turbo", "GPT-4 and GPT-3.5")]
    [InlineData("gpt-4", "GPT-4 and GPT-3.5")]
    [InlineData("gpt-4-turbo-2024-04-09", "GPT-4 and GPT-3.5")]
    [InlineData("gpt-4o", "GPT-4o, GPT-4.1 and GPT-4.5")]
    [InlineData("gpt-4o-2024-08-06", "GPT-4o, GPT-4.1 and GPT-4.5")]
    [InlineData("ft:gpt-4o-2024-08-06:acme::9aBcDeFg", "GPT-4o, GPT-4.1 and GPT-4.5")]
    [InlineData("GPT-4.1-nano", "GPT-4o, GPT-4.1 and GPT-4.5")]
    [InlineData("azure/my-gpt-4.1-deployment", "GPT-4o, GPT-4.1 and GPT-4.5")]
    [InlineData("chatgpt-4o-latest", "GPT-4o, GPT-4.1 and GPT-4.5")]
    [InlineData("openai/gpt-4o-mini-2024-07-18", "GPT-4o mini")]
    [InlineData("o1", "o-series")]
    [InlineData("o3-mini-2025-01-31", "o-series")]
    [InlineData("openai/o4-mini", "o-series")]
    [InlineData("gpt-5", "GPT-5 and GPT-5.1")]
    [InlineData("gpt-5-2025-08-07", "GPT-5 and GPT-5.1")]
    [InlineData("gpt-5-mini", "GPT-5 and GPT-5.1")]
    [InlineData("gpt-5.1-codex", "GPT-5 and GPT-5.1")]
    [InlineData("gpt-5.2-2025-12-11", "GPT-5.2 and later")]
    [InlineData("openai.gpt-5.6-luna", "GPT-5.2 and later")]
    [InlineData("gpt-6", "GPT-5.2 and later")]
    [InlineData("openai/gpt-oss-120b", "gpt-oss")]
    [InlineData("claude-instant-1.2", "Claude before 4.5")]
    [InlineData("claude-3-5-sonnet-20241022", "Claude before 4.5")]
    [InlineData("claude-3-5-sonnet-v2@20241022", "Claude before 4.5")]
    [InlineData("claude-3.7-sonnet", "Claude before 4.5")]
    [InlineData("claude-sonnet-4-20250514", "Claude before 4.5")]
    [InlineData("claude-sonnet-4@20250514", "Claude before 4.5")]
    [InlineData("claude-opus-4-1-20250805", "Claude before 4.5")]
    [InlineData("us.anthropic.claude-sonnet-4-20250514-v1:0", "Claude before 4.5")]
    [InlineData("claude-sonnet-4-5", "Claude 4.5 and 4.6")]
    [InlineData("claude-sonnet-4-5-20250929", "Claude 4.5 and 4.6")]
    [InlineData("anthropic/claude-4.6-sonnet-20260217", "Claude 4.5 and 4.6")]
    [InlineData("anthropic/claude-haiku-4.5:thinking", "Claude 4.5 and 4.6")]
    [InlineData("us.anthropic.claude-opus-4-6-v1:0", "Claude 4.5 and 4.6")]
    [InlineData("arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-haiku-4-5-20251001-v1:0", "Claude 4.5 and 4.6")]
    [InlineData("claude-opus-4-7", "Claude 4.7 and later")]
    [InlineData("claude-opus-4-8", "Claude 4.7 and later")]
    [InlineData("claude-sonnet-5", "Claude 4.7 and later")]
    [InlineData("claude-opus-5-20260801", "Claude 4.7 and later")]
    [InlineData("claude-fable-5", "Claude 4.7 and later")]
    [InlineData("models/gemini-2.5-pro", "Gemini and Gemma")]
    [InlineData("google/gemma-3-27b-it", "Gemini and Gemma")]
    [InlineData("meta-llama/Llama-3.3-70B-Instruct", "Llama and its like")]
    [InlineData("meta.llama3-1-70b-instruct-v1:0", "Llama and its like")]
    [InlineData("accounts/fireworks/models/llama-v3p1-8b-instruct", "Llama and its like")]
    [InlineData("qwen3-max", "Qwen")]
    [InlineData("Qwen/Qwen2.5-72B-Instruct", "Qwen")]
    [InlineData("deepseek-reasoner", "DeepSeek")]
    [InlineData("deepseek-r1-distill-llama-70b", "DeepSeek")]
    [InlineData("mistral-small-latest", "Mistral, Grok, GLM, Kimi and others")]
    [InlineData("grok-code-fast-1", "Mistral, Grok, GLM, Kimi and others")]
    [InlineData("zai-org/glm-4.7-flash", "Mistral, Grok, GLM, Kimi and others")]
    [InlineData("moonshotai/kimi-k3", "Mistral, Grok, GLM, Kimi and others")]
    [InlineData("text-embedding-3-small", "OpenAI embeddings and completions")]
    public void FindFamily_finds_a_model_whatever_stands_around_its_name(string model, string family) =>
        new ModelTokenEstimator().FindFamily(model).Name.Should().Be(family);

    [Theory]
    [InlineData(null, "CLAUDE", "Claude 4.7 and later")]
    [InlineData("my-deployment", "CLAUDE_CLI", "Claude 4.7 and later")]
    [InlineData("", "GEMINI", "Gemini and Gemma")]
    [InlineData("my-deployment", "OPENAI", "GPT-5.2 and later")]
    [InlineData("router/auto", "AUTO", "GPT-5.2 and later")]
    public void FindFamily_of_a_name_that_says_nothing_is_the_newest_of_the_formats_provider(string? model, string format, string family) =>
        new ModelTokenEstimator().FindFamily(model, new ApiFormat(format)).Name.Should().Be(family);

    [Fact]
    public void FindFamily_knows_both_rules_of_a_model_that_two_wires_count_differently()
    {
        var estimator = new ModelTokenEstimator();

        TokenRule chat = estimator.FindFamily("gpt-5", ApiFormat.OpenAI, "openai-chat").Rule;
        TokenRule responses = estimator.FindFamily("gpt-5", ApiFormat.OpenAI, "openai-responses").Rule;

        chat.Tools.Should().BeGreaterThan(10 * responses.Tools);
    }

    [Fact]
    public void FindFamily_asks_a_family_of_ones_own_first()
    {
        var house = new ModelFamily { Name = "house", Models = ["gpt-4o-house"], Rule = new TokenRule { PerToken = 3 } };
        var estimator = new ModelTokenEstimator([house]);

        estimator.FindFamily("eu/GPT-4o-House-v2").Should().BeSameAs(house);
        estimator.CountTokens("gpt-4o-house", "Hello world").Should().Be(6, "it is two tokens of o200k_base");
        estimator.FindFamily("gpt-4o").Name.Should().Be("GPT-4o, GPT-4.1 and GPT-4.5");
    }

    [Fact]
    public void FindFamily_of_a_very_long_name_ends() =>
        new ModelTokenEstimator().FindFamily(new string('-', 1_000_000) + "gpt-4o").Name.Should().Be("GPT-5.2 and later");

    [Fact]
    public void Families_of_ones_own_must_be_there() =>
        FluentActions.Invoking(() => new ModelTokenEstimator(null!)).Should().Throw<ArgumentNullException>();
}
