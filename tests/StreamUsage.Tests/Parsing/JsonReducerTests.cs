using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Tests.Parsing;

/// <summary>The small copy of an event that is too large to keep.</summary>
public sealed class JsonReducerTests
{
    private static readonly Gen<string> Escaped = Gen.OneOf("a", "\u00e4", "\u20ac", "\U0001F600", "\\n", "\\\\", "\\\"", "\\u00e4",
        "\\ud83d\\ude00", "\\ud83d", "\\udc00", "{", "]", ",", " ");
    private static readonly Gen<string> ShortString = Escaped.Array[0, 12].Select(s => "\"" + string.Concat(s) + "\"");
    private static readonly Gen<string> LongString =
        Gen.Select(Gen.Int[200, 300], Escaped.Array[0, 80], (length, end) => "\"" + new string('x', length) + string.Concat(end) + "\"");
    private static readonly Gen<string> Literal = Gen.OneOf("0", "-1", "12345678901", "1.5e-3", "1E+9", "true", "false", "null");
    private static readonly Gen<string> Space = Gen.OneOf("", "", " ", "\n\t ");

    // Below what any array has room for.
    private static readonly Gen<string> SmallValue = Value(ShortString, 4).Where(json => Encoding.UTF8.GetByteCount(json) <= 2048);
    private static readonly Gen<string> AnyValue = Value(Gen.Frequency((2, ShortString), (2, LongString)), 7);

    [Theory]
    [InlineData("""{"a":1} {"b":2}""", 8)]
    [InlineData("""{"a":1}{"b":2}""", 7)]
    [InlineData("""{"a":1}}""", 7)]
    [InlineData("{\"a\":1}\n[DONE]", 8)]
    public void The_walk_stops_where_another_value_begins(string text, int length)
    {
        var reducer = new JsonReducer();
        reducer.Begin();

        reducer.Append(Encoding.UTF8.GetBytes(text)).Should().Be(length);
        reducer.IsWhole.Should().BeTrue();
        Encoding.UTF8.GetString(reducer.Copy).Should().Be("""{"a":1}""");
        reducer.Release();
    }

    [Theory]
    [InlineData("[DONE]", true)]
    [InlineData("""{"b":2}""", true)]
    [InlineData("x", false)]
    [InlineData("7", false)]
    public void A_further_value_is_a_container_or_none(string text, bool isWhole)
    {
        var reducer = new JsonReducer();
        reducer.BeginNext();

        reducer.Append(Encoding.UTF8.GetBytes(text)).Should().Be(text.Length);
        reducer.IsWhole.Should().Be(isWhole);
        reducer.Release();
    }

    [Fact]
    public void The_copy_of_a_small_value_says_the_same() => Gen.Select(SmallValue, Gen.Int).Sample(
        (json, seed) =>
        {
            // Lone surrogates are legal JSON that no string can hold: they are compared as they stand.
            string comparable = json.Replace("\\u", "\\\\u", StringComparison.Ordinal);
            string copy = Reduce(json, seed)!.Replace("\\u", "\\\\u", StringComparison.Ordinal);
            JsonNode.DeepEquals(JsonNode.Parse(copy), JsonNode.Parse(comparable))
                .Should().BeTrue("{0} should say what {1} says", copy, comparable);
        },
        iter: 2000);

    [Fact]
    public void The_copy_is_valid_bounded_and_the_same_however_the_input_is_cut() => Gen.Select(AnyValue, Gen.Int).Sample(
        (json, seed) =>
        {
            string copy = Reduce(json, seed)!;

            JsonDocument.Parse(copy).Dispose();
            Encoding.UTF8.GetByteCount(copy).Should().BeLessThan(64 * 1024);
            copy.Should().Be(Reduce(json, null));
        },
        iter: 500);

    [Theory]
    [InlineData("\\n\\n\\n")]
    [InlineData("\\u00e4\\u00e4")]
    [InlineData("\\ud83d\\ude00\\ud83d\\ude00")]
    [InlineData("\u00e4\u00e4\u00e4")]
    [InlineData("\u20ac\u20ac")]
    [InlineData("\U0001F600\U0001F600")]
    [InlineData("\\ud800abcde\\n")]
    [InlineData("\\ud800\\n\\\\\\\"")]
    [InlineData("\\\\\\\\\\\\")]
    public void A_long_string_is_cut_between_characters_and_between_escapes(string end)
    {
        for (int length = 230; length < 260; length++)
        {
            string json = $$"""{"s":"{{new string('x', length)}}{{end}}{{new string('y', 300)}}","after":1}""";

            string copy = Reduce(json, null)!;

            using JsonDocument document = JsonDocument.Parse(copy);
            document.RootElement.GetProperty("after").GetInt32().Should().Be(1);
            string kept = copy[6..copy.IndexOf("\",\"after", StringComparison.Ordinal)];
            json[6..].Should().StartWith(kept);
            kept.Length.Should().BeInRange(220, 256);
            kept.Should().NotEndWith("\uFFFD");
        }
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("-", "")]
    [InlineData("0", ".")]
    [InlineData("1", "e")]
    [InlineData("33333333333333333333333333333333333333333333333333333333333333", ".")]
    [InlineData("33333333333333333333333333333333333333333333333333333333333333", "e+")]
    public void A_number_of_any_length_is_no_reason_to_lose_the_event(string before, string point)
    {
        string copy = Reduce($$"""{"n":{{before}}{{point}}{{new string('3', 500)}},"usage":{"input_tokens":7} }""", 1)!;

        using JsonDocument document = JsonDocument.Parse(copy);
        document.RootElement.GetProperty("usage").GetProperty("input_tokens").GetInt32().Should().Be(7);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("""{"a":1""")]
    [InlineData("""{"a" 1}""")]
    [InlineData("""{"a":1,}""")]
    [InlineData("[1,]")]
    [InlineData("[1}")]
    [InlineData("{]")]
    [InlineData("<html>")]
    [InlineData("")]
    [InlineData("'a'")]
    public void What_is_not_one_whole_JSON_value_is_not_whole(string text)
    {
        Reduce(text, null).Should().BeNull();
        Reduce(text, 1).Should().BeNull();
    }

    [Fact]
    public void The_next_event_begins_anew()
    {
        var reducer = new JsonReducer();
        reducer.Begin();
        reducer.Append("{\"a\":[\"cut"u8);
        reducer.Begin();
        reducer.Append("{\"b\":2}"u8);

        reducer.IsWhole.Should().BeTrue();
        Encoding.UTF8.GetString(reducer.Copy).Should().Be("{\"b\":2}");
        reducer.Release();
    }

    private static Gen<string> Value(Gen<string> text, int width) => Gen.Recursive<string>((depth, inner) =>
        depth > 3
            ? Gen.OneOf(text, Literal)
            : Gen.Frequency(
                (2, text),
                (2, Literal),
                (2, Gen.Select(Space, inner, (s, v) => s + v + s).Array[0, width].Select(v => "[" + string.Join(',', v) + "]")),
                (3, Gen.Select(ShortString, Space, inner, (n, s, v) => n + s + ":" + s + v).Array[0, width].Select(v => Distinct(v)))))
        .Select(v => v is ['{' or '[', ..] ? v : "[" + v + "]");

    // A name said twice is legal, but then no comparison says what is right.
    private static string Distinct(string[] properties) => "{" + string.Join(',', properties.Select((p, i) => $"\"{i}" + p[1..])) + "}";

    private static string? Reduce(string json, int? seed)
    {
        var reducer = new JsonReducer();
        ReadOnlySpan<byte> bytes = Encoding.UTF8.GetBytes(json);
        Random? random = seed is null ? null : new Random(seed.Value);
        reducer.Begin();
        while (!bytes.IsEmpty)
        {
            int length = Math.Min(bytes.Length, random?.Next(1, 20) ?? bytes.Length);
            reducer.Append(bytes[..length]);
            bytes = bytes[length..];
        }

        string? copy = reducer.IsWhole ? Encoding.UTF8.GetString(reducer.Copy) : null;
        reducer.Release();
        return copy;
    }
}
