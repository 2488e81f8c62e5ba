using System.Text;
using CsCheck;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Tests.Parsing;

/// <summary>The end of an object or array, found 64 bytes at once, against one character after the other.</summary>
public sealed class JsonContainerSkipTests
{
    // Mostly what matters to the search, and long enough for several blocks.
    private static readonly Gen<string> Texts = Gen.OneOf(
        Gen.OneOf("{", "}", "[", "]", "\"", "\\", "\\\\", "\\\"", "\\u005d", ",", "é", "漢"),
        Gen.Char['a', 'z'].Array[0, 40].Select(letters => new string(letters)))
        .Array[0, 120].Select(string.Concat);

    [Fact]
    public void The_end_is_where_one_character_after_the_other_has_it_however_the_bytes_are_cut() =>
        Gen.Select(Texts, Gen.Int[1, 200].Array[1, 8]).Sample((text, pieces) =>
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);

            Find(bytes, pieces).Should().Be(FindOneByOne(bytes), text);
        }, iter: 20_000);

    [Theory]
    [InlineData(62)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    public void An_escape_and_a_string_may_lie_across_blocks(int position)
    {
        byte[] bytes = Encoding.UTF8
            .GetBytes("\"" + new string('x', position - 1) + "\\\"]\"" + new string(' ', 100) + "]" + new string('}', 100));

        Find(bytes, [bytes.Length]).Should().Be(position + 4 + 100 + 1);
    }

    // How many bytes are passed to the end of a container whose opening bracket came before; negative where it is not
    // among them.
    private static int Find(ReadOnlySpan<byte> bytes, int[] pieces)
    {
        var skip = new JsonContainerSkip();
        skip.Begin();
        int at = 0;
        for (int i = 0; at < bytes.Length && !skip.IsAtEnd; i++)
        {
            at += skip.Skip(bytes.Slice(at, Math.Min(pieces[i % pieces.Length], bytes.Length - at)));
        }

        return skip.IsAtEnd ? at : -1;
    }

    private static int FindOneByOne(ReadOnlySpan<byte> bytes)
    {
        int depth = 1;
        bool inString = false;
        for (int at = 0; at < bytes.Length; at++)
        {
            switch ((char)bytes[at])
            {
                case '"':
                    inString = !inString;
                    break;
                case '\\' when inString:
                    at++;
                    break;
                case '{' or '[' when !inString:
                    depth++;
                    break;
                case '}' or ']' when !inString && --depth == 0:
                    return at + 1;
            }
        }

        return -1;
    }
}
