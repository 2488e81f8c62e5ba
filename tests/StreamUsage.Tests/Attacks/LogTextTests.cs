using StreamUsage.Diagnostics;

namespace StreamUsage.Tests.Attacks;

/// <summary>A logged value stays on its line.</summary>
public sealed class LogTextTests
{
    [Theory]
    [InlineData("req_1\nforged line", @"req_1\u000aforged line")]
    [InlineData("a\rb\tc\0d\u001b[31m", @"a\u000db\u0009c\u0000d\u001b[31m")]
    [InlineData("a\u0085b\u2028c\u2029d", @"a\u0085b\u2028c\u2029d")]
    [InlineData("a\u202eb\u2066c\u200fd\u061ce\ufefff", @"a\u202eb\u2066c\u200fd\u061ce\ufefff")]
    [InlineData("\U000E0041", @"\udb40\udc41")]
    [InlineData("Größe 模型 😀", "Größe 模型 😀")]
    [InlineData("", "")]
    public void Characters_that_would_change_the_line_are_escaped(string value, string expected) =>
        LogText.Escape(value).Should().Be(expected);

    [Fact]
    public void Half_a_surrogate_pair_is_escaped() => LogText.Escape("a\ud800b").Should().Be(@"a\ud800b");

    [Fact]
    public void A_plain_value_is_not_copied()
    {
        string value = "claude-sonnet-4-5@20250929/[1]";

        LogText.Escape(value).Should().BeSameAs(value);
        LogText.Escape(null).Should().BeNull();
    }

    [Theory]
    [InlineData("x", 256)]
    [InlineData("\n", 42)]
    [InlineData("😀", 128)]
    public void A_long_value_is_cut(string part, int kept)
    {
        string escaped = LogText.Escape(string.Concat(Enumerable.Repeat(part, 101_000)))!;

        escaped.Should().HaveLength(Math.Min(256, kept * LogText.Escape(part)!.Length) + 1).And.EndWith("…");
        LogText.Escape(new string('x', 256)).Should().HaveLength(256);
    }
}
