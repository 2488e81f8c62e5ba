using CsCheck;
using StreamUsage.Accounting;

namespace StreamUsage.Tests.Accounting;

/// <summary>Which choices have begun, and which have finished.</summary>
public sealed class ChoiceProgressTests
{
    [Fact]
    public void An_answer_without_choices_has_not_finished() => default(ChoiceProgress).AllFinished.Should().BeFalse();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(62)]
    public void A_choice_finishes_what_it_began(int index)
    {
        ChoiceProgress begun = default(ChoiceProgress).Begin(index);

        begun.AllFinished.Should().BeFalse();
        begun.Finish(index).AllFinished.Should().BeTrue();
        begun.Finish(index).Begin(index).AllFinished.Should().BeTrue();
        default(ChoiceProgress).Finish(index).AllFinished.Should().BeTrue();
    }

    [Theory]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(long.MaxValue)]
    public void A_choice_from_the_64th_on_is_never_finished_by_its_reason(long index)
    {
        default(ChoiceProgress).Begin(index).Finish(index).AllFinished.Should().BeFalse();
        default(ChoiceProgress).Finish(0).Finish(index).AllFinished.Should().BeFalse();
    }

    [Fact]
    public void A_negative_index_is_the_first() => default(ChoiceProgress).Begin(-7).Finish(0).AllFinished.Should().BeTrue();

    [Fact]
    public void Output_after_its_finish_reason_continues_a_choice()
    {
        ChoiceProgress progress = default(ChoiceProgress).Finish(0).Continue(0);

        progress.AllFinished.Should().BeFalse();
        progress.HasFinished(0).Should().BeFalse();
        progress.Finish(0).AllFinished.Should().BeTrue();
    }

    [Fact]
    public void Output_of_a_choice_begins_it_and_leaves_the_others()
    {
        ChoiceProgress progress = default(ChoiceProgress).Finish(1).Continue(2);

        progress.Should().Match<ChoiceProgress>(p => p.HasBegun(1) && p.HasBegun(2) && !p.HasBegun(0));
        progress.Should().Match<ChoiceProgress>(p => p.HasFinished(1) && !p.HasFinished(2) && !p.AllFinished);
    }

    [Fact]
    public void A_finish_reason_leaves_the_other_choices() =>
        default(ChoiceProgress).Begin(0).Begin(2).Finish(1)
            .Should().Match<ChoiceProgress>(p => p.HasBegun(0) && p.HasBegun(1) && p.HasBegun(2) && p.HasFinished(1) && !p.HasFinished(2));

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    [InlineData(63, false)]
    public void The_first_choice_is_alone_until_another_begins(long index, bool isAlone) =>
        default(ChoiceProgress).Begin(0).Begin(index).IsFirstAlone.Should().Be(isAlone);

    [Fact]
    public void All_have_finished_when_each_has_in_any_order() => Gen.Int[0, 62].HashSet[1, 20].Sample(indexes =>
    {
        ChoiceProgress progress = indexes.Aggregate(default(ChoiceProgress), (p, i) => p.Begin(i));
        int left = indexes.Count;
        foreach (int index in indexes.Reverse())
        {
            progress.AllFinished.Should().BeFalse();
            progress = progress.Finish(index);
            left--;
        }

        left.Should().Be(0);
        progress.AllFinished.Should().BeTrue();
    });
}
