using System.Text;
using System.Text.Json;
using CsCheck;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Tests.Parsing;

/// <summary>Characters are counted as decoding would, without decoding.</summary>
public sealed class Utf8TextTests
{
    private static readonly Gen<string> Part = Gen.OneOf("a", "xyz", "\u00e4", "\u20ac", "\U0001F600", "\\n", "\\\\", "\\\"", "\\/",
        "\\u0041", "\\u20AC", "\\ud83d\\ude00", "\\uD83D\\uDE00", "\\\\u0041", "u0041", " ");

    [Fact]
    public void The_count_of_a_JSON_string_is_the_length_of_what_it_decodes_to() => Part.Array[0, 30].Sample(parts =>
    {
        string inside = string.Concat(parts);
        using JsonDocument document = JsonDocument.Parse($"\"{inside}\"");

        Utf8Text.CountUtf16(Encoding.UTF8.GetBytes(inside), isEscaped: true).Should().Be(document.RootElement.GetString()!.Length);
    });

    [Fact]
    public void The_count_of_plain_text_is_its_length() => Part.Array[0, 30].Sample(parts =>
    {
        string text = string.Concat(parts);

        Utf8Text.CountUtf16(Encoding.UTF8.GetBytes(text), isEscaped: false).Should().Be(text.Length);
    });

    [Theory]
    [InlineData("a\\", 2)]
    [InlineData("\\u12", 1)]
    [InlineData("\\ud83d", 1)]
    public void An_escape_that_is_cut_or_half_of_a_pair_does_no_harm(string text, int count) =>
        Utf8Text.CountUtf16(Encoding.UTF8.GetBytes(text), isEscaped: true).Should().Be(count);
}
