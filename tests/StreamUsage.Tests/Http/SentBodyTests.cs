using System.Text;
using StreamUsage.Buffers;
using StreamUsage.Http;

namespace StreamUsage.Tests.Http;

/// <summary>What is kept of a request's body while it is sent.</summary>
public sealed class SentBodyTests
{
    private const int HeadBytes = 4096;

    private static readonly byte[] Body =
        Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 20_000).Select(number => (char)('a' + (number % 26)))));

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

    [Fact]
    public void What_is_sent_after_the_copy_was_stopped_or_disposed_is_not_kept()
    {
        var budget = new BufferBudget(1024 * 1024);
        var sent = new SentBody(1024 * 1024, null, budget);
        sent.Add(Body);
        sent.Stop();
        sent.Add(Body);
        sent.Read().Length.Should().Be(Body.Length);
        budget.Taken.Should().BeGreaterThanOrEqualTo(Body.Length);

        sent.Dispose();
        sent.Dispose();
        sent.Add(Body);

        sent.Read().Kept.Length.Should().Be(0);
        budget.Taken.Should().Be(0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(999)]
    [InlineData(20_000)]
    public void A_body_of_known_length_takes_just_that_of_the_budget(int piece)
    {
        var budget = new BufferBudget(Body.Length);

        SentBody sent = Send(1024 * 1024, Body.Length, piece, budget);

        sent.Read().IsWhole.Should().BeTrue();
        budget.Taken.Should().Be(Body.Length);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(999)]
    [InlineData(20_000)]
    public void A_body_that_the_budget_refuses_on_its_way_keeps_its_beginning_and_gives_the_rest_back(int piece)
    {
        var budget = new BufferBudget(Body.Length - 1);

        SentBody sent = Send(1024 * 1024, null, piece, budget);

        (ReadOnlyMemory<byte> bytes, long length, bool isWhole) = sent.Read();
        bytes.ToArray().Should().Equal(Body[..HeadBytes]);
        (length, isWhole, budget.Taken).Should().Be((Body.Length, false, 0L));
    }

    private static SentBody Send(int limit, int? expected, int piece, BufferBudget? budget = null)
    {
        var sent = new SentBody(limit, expected, budget);
        for (int at = 0; at < Body.Length; at += piece)
        {
            sent.Add(Body.AsSpan(at, Math.Min(piece, Body.Length - at)));
        }

        return sent;
    }
}
