namespace StreamUsage.Tests;

/// <summary>Formats are names, compared without case.</summary>
public sealed class ApiFormatTests
{
    public static TheoryData<ApiFormat, string> Known() => new()
    {
        { ApiFormat.Auto, "AUTO" },
        { ApiFormat.Claude, "CLAUDE" },
        { ApiFormat.ClaudeCli, "CLAUDE_CLI" },
        { ApiFormat.OpenAI, "OPENAI" },
        { ApiFormat.OpenAICli, "OPENAI_CLI" },
        { ApiFormat.Gemini, "GEMINI" },
        { ApiFormat.GeminiCli, "GEMINI_CLI" },
    };

    [Theory]
    [MemberData(nameof(Known))]
    public void A_known_format_equals_its_name_in_any_case(ApiFormat format, string name)
    {
        format.Name.Should().Be(name);
        format.ToString().Should().Be(name);
        ApiFormat lower = new(name.ToLowerInvariant());
        (format == lower).Should().BeTrue();
        format.GetHashCode().Should().Be(lower.GetHashCode());
        (format != new ApiFormat(name + "X")).Should().BeTrue();
    }

    [Fact]
    public void The_default_is_auto()
    {
        ApiFormat format = default;

        (format == ApiFormat.Auto).Should().BeTrue();
        format.Name.Should().Be("AUTO");
        format.GetHashCode().Should().Be(ApiFormat.Auto.GetHashCode());
        new UsageContext().ApiFormat.Should().Be(ApiFormat.Auto);
    }

    [Fact]
    public void A_name_of_ones_own_is_kept_as_it_was_written() => new ApiFormat("Mine").ToString().Should().Be("Mine");
}
