using System.Text;
using StreamUsage.Accounting;
using StreamUsage.Parsing;
using StreamUsage.Parsing.Gemini;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Parsing;

/// <summary>The usage of a Gemini Live turn, message by message.</summary>
public sealed class GeminiLiveParserTests
{
    [Theory]
    [InlineData("""{"promptTokenCount":143,"responseTokenCount":90,"totalTokenCount":233}""",
        """{"promptTokenCount":181,"responseTokenCount":24,"totalTokenCount":205}""", "in 181 read 0 write 0 (0+0) out 24 reasoning -")]
    [InlineData("""{"promptTokenCount":143,"responseTokenCount":19,"totalTokenCount":162}""",
        """{"promptTokenCount":0,"responseTokenCount":0,"totalTokenCount":0}""", "in 143 read 0 write 0 (0+0) out 19 reasoning -")]
    public void The_last_usage_of_a_turn_counts_unless_it_is_all_zeros(string earlier, string later, string expected)
    {
        var parser = new GeminiLiveParser();
        var output = new OutputRecorder();
        UsageAccumulator state = default;
        foreach (string usage in (string[])[earlier, later])
        {
            byte[] message = Encoding.UTF8.GetBytes($$"""{"usageMetadata":{{usage}} }""");
            state = parser.Apply(new StreamEvent(default, message), state, output);
        }

        ReadBody.Describe(state.Usage).Should().Be(expected);
    }
}
