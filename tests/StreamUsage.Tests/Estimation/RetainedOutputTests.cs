using System.Text;
using System.Text.Json;
using CsCheck;
using StreamUsage.Buffers;
using StreamUsage.Estimation;
using StreamUsage.Estimation.Counting;
using StreamUsage.Estimation.Outputs;
using StreamUsage.Parsing;

namespace StreamUsage.Tests.Estimation;

public sealed class RetainedOutputTests
{
    // Whatever comes, in pieces with and without escapes, of several choices at once: each choice has its own text
    // again.
    [Fact]
    public void What_was_kept_is_what_came() =>
        Gen.Select(Gen.Int[0, 2], Gen.Bool, Gen.String[0, 12].Where(text => !text.Contains('\uFFFD'))).Array[0, 60].Sample(pieces =>
        {
            var retained = new RetainedOutput(1024 * 1024, null);
            var expected = new SortedDictionary<int, StringBuilder>();
            foreach ((int choice, bool isEscaped, string piece) in pieces)
            {
                string text = '"' + Clean(piece);
                (expected.TryGetValue(choice, out StringBuilder? sofar) ? sofar : expected[choice] = new StringBuilder()).Append(text);
                string json = JsonSerializer.Serialize(text)[1..^1];
                retained.Append(OutputKind.Text, choice, Encoding.UTF8.GetBytes(isEscaped ? json : text), isEscaped);
            }

            ModelOutput output = retained.ToOutput("protocol", 1);
            retained.Release();
            return output.Parts.Select(part => (part.ChoiceIndex, part.Text))
                .SequenceEqual(expected.Select(choice => (choice.Key, choice.Value.ToString())));
        });

    [Fact]
    public void Kinds_and_calls_stay_apart()
    {
        var retained = new RetainedOutput(1024, null);
        retained.Append(OutputKind.Reasoning, 0, "think"u8, false);
        retained.Append(OutputKind.Text, 0, "say"u8, false);
        retained.Append(OutputKind.ToolName, 0, "f"u8, false);
        retained.Append(OutputKind.ToolName, 0, "f"u8, false);
        retained.Append(OutputKind.ToolArguments, 0, "{\\\"a\\\":"u8, true);
        retained.Append(OutputKind.ToolArguments, 0, "1}"u8, false);

        retained.ToOutput(null, 0).Parts.Select(part => $"{part.Kind}:{part.Text}")
            .Should().Equal("Reasoning:think", "Text:say", "ToolName:f", "ToolName:f", "ToolArguments:{\"a\":1}");
    }

    [Fact]
    public void Past_its_limit_a_response_keeps_its_beginning()
    {
        var retained = new RetainedOutput(1000, null);
        for (int i = 0; i < 100; i++)
        {
            retained.Append(OutputKind.Text, 0, "twenty characters..."u8, false);
        }

        ModelOutput output = retained.ToOutput(null, 2000);

        output.Parts.Should().ContainSingle().Which.Text.Should().HaveLength(1000 - 8).And.StartWith("twenty characters...twenty");
        output.NotKept.Should().Be(default(CharacterClasses));
    }

    [Fact]
    public void One_piece_past_the_limit_keeps_its_beginning()
    {
        var retained = new RetainedOutput(100, null);

        retained.Append(OutputKind.Text, 0, new byte[5000].AsSpan(), false);

        retained.ToOutput(null, 5000).Parts.Should().ContainSingle().Which.Text.Should().HaveLength(92);
    }

    [Fact]
    public void Where_the_budget_allows_no_more_characters_are_counted_by_class()
    {
        var budget = new BufferBudget(10_000);
        budget.TryTake(9_000).Should().BeTrue();
        var retained = new RetainedOutput(64 * 1024, budget);
        for (int i = 0; i < 1000; i++)
        {
            retained.Append(OutputKind.Text, 0, "ab 1,é中😀"u8, false);
        }

        ModelOutput output = retained.ToOutput(null, 9000);

        long kept = output.Parts.Single().Text.Length / 9;
        kept.Should().BeInRange(200, 300, "4 KiB need no budget");
        output.NotKept.Should().Be(new CharacterClasses
        {
            Letters = 2 * (1000 - kept),
            Spaces = 1000 - kept,
            Digits = 1000 - kept,
            Punctuation = 1000 - kept,
            OtherAlphabets = 1000 - kept,
            EastAsian = 1000 - kept,
            FourByte = 1000 - kept,
        });
        budget.Taken.Should().Be(9_000);
    }

    [Fact]
    public void What_was_taken_from_the_budget_is_given_back()
    {
        var budget = new BufferBudget(1024 * 1024);
        var retained = new RetainedOutput(64 * 1024, budget);

        retained.Append(OutputKind.Text, 0, new byte[30_000], false);
        long taken = budget.Taken;
        retained.Release();
        retained.Append(OutputKind.Text, 0, new byte[30_000], false);

        taken.Should().BeGreaterThanOrEqualTo(30_000);
        budget.Taken.Should().Be(0);
    }

    // What JSON cannot say survives neither way.
    private static string Clean(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)).Replace("\uFFFD", "");
}
