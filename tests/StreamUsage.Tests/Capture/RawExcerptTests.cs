using System.Text;
using StreamUsage.Capture;

namespace StreamUsage.Tests.Capture;

/// <summary>The excerpt of a body that could not be read: its first 10,000 characters, whatever they are and however
/// they come.</summary>
public sealed class RawExcerptTests
{
    public static TheoryData<string, int> Texts { get; } = new()
    {
        { "x", 10_000 }, { "ä", 10_000 }, { "€", 10_000 }, { "😀", 10_000 }, { "😀x", 9_999 }, { "x€😀ä", 10_000 }, { "xx€", 10_000 },
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public void So_many_whole_characters_are_kept_however_they_come(string unit, int length)
    {
        string text = string.Concat(Enumerable.Repeat(unit, 12_000));
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        foreach (int piece in new[] { 1, 7, 1000, bytes.Length })
        {
            var excerpt = new RawExcerpt();
            foreach (byte[] part in bytes.Chunk(piece))
            {
                excerpt.Append(part);
            }

            excerpt.ToResponse().Should().BeEquivalentTo(new CapturedResponse { RawExcerpt = text[..length], Truncated = true });
            excerpt.Release();
        }
    }

    [Fact]
    public void Bytes_that_are_no_text_are_kept_as_well()
    {
        var excerpt = new RawExcerpt();
        excerpt.Append(Enumerable.Repeat((byte)0x80, 50_000).ToArray());

        excerpt.ToResponse().Should().BeEquivalentTo(new CapturedResponse { RawExcerpt = new string('\uFFFD', 10_000), Truncated = true });
        excerpt.Release();
    }

    [Fact]
    public void What_is_no_longer_is_whole()
    {
        var excerpt = new RawExcerpt();
        excerpt.Append(Encoding.UTF8.GetBytes(new string('x', 10_000)));

        excerpt.ToResponse().Should().BeEquivalentTo(new CapturedResponse { RawExcerpt = new string('x', 10_000), Truncated = false });
        excerpt.Release();
    }
}
