using StreamUsage.Estimation;
using StreamUsage.Estimation.Counting;
using StreamUsage.Parsing;

namespace StreamUsage.Tests.Estimation;

public sealed class OutputEstimateTests
{
    private static readonly ModelTokenEstimator Estimator = new();

    [Fact]
    public void CountTokens_of_an_OpenAI_model_is_its_encodings_count()
    {
        Estimator.CountTokens("gpt-4o", "Hello, how are you today?").Should().Be(7);
        Estimator.CountTokens("gpt-4", "antidisestablishmentarianism").Should().Be(6);
        Estimator.CountTokens("gpt-4o", "").Should().Be(0);
        Estimator.CountTokens(null, "Hello").Should().BePositive();
    }

    [Fact]
    public void Each_choice_and_each_call_costs_its_frame()
    {
        long one = Estimate("gpt-4o", Part(OutputKind.Text, "Hello"));
        long two = Estimate("gpt-4o", Part(OutputKind.Text, "Hello"), Part(OutputKind.Text, "Hello", choice: 1));
        long call = Estimate("gpt-4o", Part(OutputKind.ToolName, "get"), Part(OutputKind.ToolArguments, "{}"));

        one.Should().Be(2, "it is one token, and one ends it");
        two.Should().Be(4);
        call.Should().BeInRange(8, 10, "the provider counted 7 more than the name and the arguments in recorded streams");
    }

    [Fact]
    public void What_is_not_kept_counts_like_what_is()
    {
        ModelOutput whole = Output(Part(OutputKind.Text, string.Concat(Enumerable.Repeat("word ", 1000))));

        long estimate = Estimator.EstimateOutput(ApiFormat.OpenAI, "gpt-4o", whole with { Characters = 10 * whole.Characters });

        estimate.Should().BeInRange(9_950, 10_050);
    }

    // The classes of English text by hand: a word of five letters and a space.
    [Fact]
    public void What_may_not_be_kept_counts_by_its_characters_classes()
    {
        var classes = new CharacterClasses { Letters = 5000, Spaces = 1000, Punctuation = 100 };

        long estimate = Estimator.EstimateOutput(ApiFormat.OpenAI, "gpt-4o", new ModelOutput { Characters = 6100, NotKept = classes });

        estimate.Should().BeInRange(900, 1500, "that is about a thousand words");
    }

    [Fact]
    public void Characters_alone_give_a_running_estimate() =>
        Estimator.EstimateOutput(ApiFormat.OpenAI, "gpt-4o", new ModelOutput { Characters = 4000 }).Should().BeInRange(800, 1000);

    [Fact]
    public void Nothing_costs_nothing() => Estimator.EstimateOutput(ApiFormat.OpenAI, "gpt-4o", new ModelOutput()).Should().Be(0);

    [Theory]
    [InlineData("{\"city\":\"Par")]
    [InlineData("{\"city\"")]
    [InlineData("[1,2]")]
    [InlineData("no JSON at all")]
    [InlineData("{")]
    public void Arguments_that_are_cut_or_no_object_count_as_far_as_they_go(string arguments) =>
        Estimate("claude-sonnet-4-5", Part(OutputKind.ToolName, "get_weather"), Part(OutputKind.ToolArguments, arguments))
            .Should().BeInRange(30, 70);

    [Fact]
    public void A_Claude_call_costs_by_its_arguments()
    {
        long none = Estimate("claude-sonnet-4-5", Part(OutputKind.ToolName, "f"), Part(OutputKind.ToolArguments, "{}"));
        long two = Estimate("claude-sonnet-4-5", Part(OutputKind.ToolName, "f"), Part(OutputKind.ToolArguments, "{\"a\":1,\"b\":2}"));

        (two - none).Should().BeInRange(30, 40);
    }

    [Fact]
    public void The_basic_rule_is_four_characters()
    {
        var basic = new CharacterTokenEstimator();

        basic.EstimateOutputTokens(ApiFormat.OpenAI, null, "", 400).Should().Be(100);
        basic.EstimateOutputTokens(ApiFormat.OpenAI, null, "", 1).Should().Be(1);
        basic.EstimateOutputTokens(ApiFormat.OpenAI, null, "", 0).Should().Be(0);
    }

    private static long Estimate(string model, params OutputPart[] parts) =>
        Estimator.EstimateOutput(ApiFormat.OpenAI, model, Output(parts));

    private static OutputPart Part(OutputKind kind, string text, int choice = 0) =>
        new() { Kind = kind, Text = text, ChoiceIndex = choice };

    private static ModelOutput Output(params OutputPart[] parts) =>
        new() { Parts = parts, Characters = parts.Sum(part => part.Kind == OutputKind.ToolName ? 0 : part.Text.Length) };
}
