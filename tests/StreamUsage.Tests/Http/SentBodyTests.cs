using System.Text;
using StreamUsage.Http;

namespace StreamUsage.Tests.Http;

/// <summary>What is kept of a request's body while it is sent.</summary>
public sealed class SentBodyTests
{
    private const int HeadBytes = 4096;

    private static readonly byte[] Body = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 20_000).Select(number => (char)('a' + (number % 26)))));

    [Theory]
    [InlineData(20_000, 20_000, 20_000)]
    [InlineData(20_000, null, 20_000)]
    [InlineData(64 * 1024, null, 20_000)]
    [InlineData(19_999, 20_000, HeadBytes)]
    [InlineData(19_999, null, HeadBytes)]
    [InlineData(100, 20_000, 100)]
    [InlineData(100, null, 100)]
    [InlineData(0, null, 0)]
    public void A_body_is_kept_whole_up_to_the_limit_and_past_it_its_beginning_and_its_length(int limit, int? expected, int kept)
    {
        foreach (int piece in (int[])[1, 999, 4096, 20_000])
        {
            SentBody sent = Send(limit, expected, piece);

            (ReadOnlyMemory<byte> bytes, long length, bool isWhole) = sent.Read();
            bytes.ToArray().Should().Equal(Body[..kept]);
            length.Should().Be(Body.Length);
            isWhole.Should().Be(kept == Body.Length);
        }
    }

    [Fact]
    public void What_is_known_to_be_too_long_is_not_kept_even_for_a_while()
    {
        var sent = new SentBody(1024 * 1024, 2 * 1024 * 1024);
        byte[] piece = new byte[64 * 1024];

        for (int count = 0; count < 32; count++)
        {
            sent.Add(piece);
            sent.Read().Kept.Length.Should().Be(HeadBytes);
        }
    }

    [Fact]
    public void What_was_read_stays_as_it_was_while_more_is_sent()
    {
        var sent = new SentBody(10_000, null);
        sent.Add(Body.AsSpan(0, 5000));
        (ReadOnlyMemory<byte> early, _, _) = sent.Read();

        sent.Add(Body.AsSpan(5000));

        early.ToArray().Should().Equal(Body[..5000]);
        sent.Read().Kept.Length.Should().Be(HeadBytes);
    }

    private static SentBody Send(int limit, int? expected, int piece)
    {
        var sent = new SentBody(limit, expected);
        for (int at = 0; at < Body.Length; at += piece)
        {
            sent.Add(Body.AsSpan(at, Math.Min(piece, Body.Length - at)));
        }

        return sent;
    }
}
