using System.Text;
using CsCheck;
using StreamUsage.Estimation.Counting;
using StreamUsage.Estimation.Families;

namespace StreamUsage.Tests.Estimation;

public sealed class TextMeterTests
{
    private const string Prose = "The quick brown fox jumps over the lazy dog, and 12 others — \"naïve\" ones; they're 你好 😀 fast.\n";

    // Few enough for the head, which is counted whole.
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(int.MaxValue)]
    public void A_text_is_counted_as_a_whole_however_it_comes(int pieceLength)
    {
        string text = string.Concat(Enumerable.Repeat(Prose, 20));
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        using TextMeter meter = Make(utf8.Length);

        for (int at = 0; at < utf8.Length; at += Math.Min(pieceLength, utf8.Length - at))
        {
            meter.Add(utf8.AsSpan(at, Math.Min(pieceLength, utf8.Length - at)));
        }

        meter.End();

        meter.Tokens.Should().Be(Tokenizers.Get(TokenEncoding.O200kBase).CountTokens(text));
        meter.Digits.Should().Be(40);
        meter.Bytes.Should().Be(utf8.Length);
    }

    [Fact]
    public void An_escaped_text_counts_as_what_it_stands_for() =>
        Gen.String.Array[0, 20].Sample(texts =>
        {
            string text = string.Concat(texts.Select(part => part + "\n\"\\/😀ü")).Replace("\uFFFD", "");
            string json = System.Text.Json.JsonSerializer.Serialize(text);
            using TextMeter plain = Make(1000), escaped = Make(1000);

            plain.Add(Encoding.UTF8.GetBytes(System.Text.Json.JsonSerializer.Deserialize<string>(json)!));
            plain.End();
            escaped.Add(Encoding.UTF8.GetBytes(json[1..^1]), isEscaped: true);
            escaped.End();

            return plain.Tokens == escaped.Tokens;
        });

    [Fact]
    public void Two_texts_are_not_one()
    {
        using TextMeter meter = Make(100);

        meter.Add("Hel"u8);
        meter.End();
        meter.Add("lo"u8);
        meter.End();

        meter.Tokens.Should().Be(2, "the word as a whole would be 1");
    }

    // 1 MiB whose second half is another language: the sample must meet both.
    [Fact]
    public void A_long_text_is_sampled_close_to_its_count()
    {
        var text = new StringBuilder();
        for (int i = 0; text.Length < 500_000; i++)
        {
            text.Append("Line ").Append(i).Append(": the order of the days is set, and nothing else may change it.\n");
        }

        for (int i = 0; text.Length < 800_000; i++)
        {
            text.Append('第').Append(i).Append("行，日子的次序已经定下，别的都不能改变它。\n");
        }

        byte[] utf8 = Encoding.UTF8.GetBytes(text.ToString());
        using TextMeter meter = Make(utf8.Length);

        meter.Add(utf8);
        meter.End();

        double exact = Tokenizers.Get(TokenEncoding.O200kBase).CountTokens(text.ToString());
        meter.Tokens.Should().BeApproximately(exact, 0.03 * exact);
    }

    [Fact]
    public void What_is_too_short_to_be_sampled_after_the_head_counts_like_the_head()
    {
        using TextMeter meter = Make(100 * 1024 * 1024);
        byte[] head = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("word ", 32 * 1024 / 5)));

        meter.Add(head);
        meter.Add(head.AsSpan(0, 3000));
        meter.End();

        meter.Tokens.Should().BeApproximately((head.Length + 3000) / 5.0, 20);
    }

    private static TextMeter Make(long maxBytes) => new(Tokenizers.Get(TokenEncoding.O200kBase), maxBytes);
}
