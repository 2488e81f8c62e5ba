using CsCheck;
using StreamUsage.Estimation.Counting;

namespace StreamUsage.Tests.Estimation;

public sealed class TextCutterTests
{
    [Theory]
    [InlineData("the words of a sentence are short, so that it stays whole, however long it may be: 123,456 times this or more!")]
    [InlineData("")]
    public void A_text_with_breaks_stays_whole(string text) => TextCutter.NextPiece(text).Should().Be(text.Length);

    [Theory]
    [InlineData("a")]
    [InlineData(" ")]
    [InlineData("=")]
    [InlineData("7")]
    [InlineData("中")]
    [InlineData("😀")]
    [InlineData("aé")]
    [InlineData("!😀")]
    [InlineData("\u0301")]
    public void A_run_without_a_break_is_cut_within_its_limit_and_not_within_a_character(string unit)
    {
        ReadOnlySpan<char> text = string.Concat(Enumerable.Repeat(unit, 500));
        while (text.Length > TextCutter.MaxRun)
        {
            int length = TextCutter.NextPiece(text);
            length.Should().BeInRange(1, 2 * TextCutter.MaxRun);
            char.IsLowSurrogate(text[length]).Should().BeFalse();
            text = text[length..];
        }
    }

    [Fact]
    public void Any_text_is_cut_into_itself() => Gen.String[0, 1000].Sample(text =>
    {
        int at = 0;
        while (at < text.Length)
        {
            int length = TextCutter.NextPiece(text.AsSpan(at));
            if (length < 1 || at + length > text.Length)
            {
                return false;
            }

            at += length;
        }

        return true;
    });
}
