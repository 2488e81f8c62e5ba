using System.Text;
using CsCheck;
using StreamUsage.Accounting;

namespace StreamUsage.Tests.Accounting;

/// <summary>A count is a whole number in any notation.</summary>
public sealed class CountTextTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("-0", 0)]
    [InlineData("0.0", 0)]
    [InlineData("0e9", 0)]
    [InlineData("512", 512)]
    [InlineData("512.0", 512)]
    [InlineData("512.000", 512)]
    [InlineData("5.12e2", 512)]
    [InlineData("5.12E+2", 512)]
    [InlineData("51200e-2", 512)]
    [InlineData("0.512e3", 512)]
    [InlineData("1099511627776", 1L << 40)]
    public void A_whole_number_is_a_count(string text, long count)
    {
        CountText.TryReadNumber(Encoding.UTF8.GetBytes(text), out long read).Should().BeTrue();
        read.Should().Be(count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("-1e3")]
    [InlineData("0.5")]
    [InlineData("14417.92")]
    [InlineData("5.12e1")]
    [InlineData("1e-1")]
    [InlineData("1e-400")]
    [InlineData("1099511627777")]
    [InlineData("1e13")]
    [InlineData("1e400")]
    [InlineData("1e99999999999999999999")]
    [InlineData("1e4294967296")] // The exponent's lower 32 bits are 0.
    [InlineData("1e-4294967296")]
    [InlineData("9223372036854775808")]
    [InlineData("99999999999999999999999999")]
    [InlineData("1e")]
    [InlineData("x")]
    public void Anything_else_is_none(string text) => CountText.TryReadNumber(Encoding.UTF8.GetBytes(text), out _).Should().BeFalse();

    [Theory]
    [InlineData("31", true)]
    [InlineData("0031", true)]
    [InlineData("", false)]
    [InlineData(" 31", false)]
    [InlineData("31.0", false)]
    [InlineData("-31", false)]
    [InlineData("1099511627777", false)]
    [InlineData("\\u0033", false)]
    public void A_string_is_a_count_where_it_holds_digits_alone(string text, bool isCount) =>
        CountText.TryReadDigits(Encoding.UTF8.GetBytes(text), out _).Should().Be(isCount);

    [Fact]
    public void Every_notation_of_a_number_is_the_same_count() => Gen.Select(Gen.Long[0, 1L << 40], Gen.Int[0, 12]).Sample((count, shift) =>
    {
        string digits = count.ToString(System.Globalization.CultureInfo.InvariantCulture);
        string moved =
            digits.Length > shift ? $"{digits[..^shift]}.{digits[^shift..]}0e{shift}" : $"0.{digits.PadLeft(shift, '0')}e{shift}";

        CountText.TryReadNumber(Encoding.UTF8.GetBytes(moved.Replace(".0e0", "e0", StringComparison.Ordinal)), out long read)
            .Should().BeTrue(moved);
        read.Should().Be(count);
    });
}
