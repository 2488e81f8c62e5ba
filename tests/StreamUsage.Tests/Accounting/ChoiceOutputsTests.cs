using StreamUsage.Accounting;

namespace StreamUsage.Tests.Accounting;

/// <summary>The output counts of choices: each one's own, or those of the whole answer.</summary>
public sealed class ChoiceOutputsTests
{
    [Theory]
    [InlineData("0:5", null)]
    [InlineData("0:9", null)]
    [InlineData("1:6", null)] // It grows with every chunk, so it may be the whole answer's.
    [InlineData("1:5", 10L)]
    [InlineData("1:3", 8L)]
    [InlineData("1:3 1:100", 105L)]
    [InlineData("1:3 0:7", 10L)]
    [InlineData("2:3", 8L)]
    [InlineData("2:6 1:4", 15L)]
    [InlineData("-7:9 1:2", 11L)]
    public void The_output_of_all_choices_is_this(string chunks, long? sum) => After(chunks).Sum.Should().Be(sum);

    [Theory]
    [InlineData("62:1 63:2", 8L)]
    [InlineData("63:1 64:2", 7L)]
    [InlineData("63:1 9223372036854775807:2", 7L)]
    public void Choices_from_the_64th_on_are_one(string chunks, long sum) => After(chunks).Sum.Should().Be(sum);

    [Fact]
    public void The_same_count_again_changes_nothing()
    {
        ChoiceOutputs outputs = After("1:3");

        outputs.With(1, 3).Should().BeSameAs(outputs);
    }

    [Theory]
    [InlineData("0:5")]
    [InlineData("1:6")]
    public void A_count_that_stands_in_its_choice_is_the_choices_own(string chunks) =>
        After(chunks).With(1, 6, isOwn: true).Sum.Should().Be(11);

    [Theory]
    [InlineData("1:3", "1:3", true)]
    [InlineData("1:3", "1:4", false)]
    [InlineData("1:3", "0:5", false)]
    [InlineData("1:3 1:6", "1:6", false)] // The same counts, but only one of them is known to be per choice.
    public void Equals_compares_counts_and_what_they_are(string one, string other, bool areEqual) =>
        After(one).Equals(After(other)).Should().Be(areEqual);

    private static ChoiceOutputs After(string chunks) => chunks.Split(' ').Select(chunk => chunk.Split(':')).Aggregate(
        ChoiceOutputs.OfFirst(5),
        (outputs, chunk) => outputs.With(
            long.Parse(chunk[0], System.Globalization.CultureInfo.InvariantCulture),
            long.Parse(chunk[1], System.Globalization.CultureInfo.InvariantCulture)));
}
