using System.Text;
using StreamUsage.Buffers;
using StreamUsage.Framing.EventStreams;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Framing;

public sealed class EventStreamDecoderTests
{
    private const int Limit = 1024;

    [Fact]
    public void An_empty_message_is_read_as_the_format_describes_it()
    {
        byte[] message = Convert.FromHexString("000000100000000005c248eb7d98c8ff");

        new EventStreamBytes().Message([], []).ToArray().Should().Equal(message);
        Read(message, message.Length).Should().Equal("event:");
    }

    [Fact]
    public void Headers_of_every_type_are_passed_by()
    {
        byte[] headers =
        [
            1, (byte)'a', 0, 1, (byte)'b', 1, 1, (byte)'c', 2, 9, 1, (byte)'d', 3, 9, 9, 1, (byte)'e', 4, 9, 9, 9, 9, 1, (byte)'f', 5, 9, 9,
            9, 9, 9, 9, 9, 9,
            1, (byte)'g', 6, 0, 2, 9, 9, 1, (byte)'h', 8, 9, 9, 9, 9, 9, 9, 9, 9, 1, (byte)'i', 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9,
            9, 9,
            1, (byte)'t', 7, 0, 5, .. "found"u8,
        ];

        Read(new EventStreamBytes().Message(headers, "x"u8.ToArray()).ToArray(), 7, header: "t").Should().Equal("event:found:x");
    }

    [Theory]
    [InlineData(new byte[] { 5 })]
    [InlineData(new byte[] { 1, 65 })]
    [InlineData(new byte[] { 1, 65, 7 })]
    [InlineData(new byte[] { 1, 65, 7, 255, 255, 1 })]
    [InlineData(new byte[] { 1, 65, 10 })]
    [InlineData(new byte[] { 1, 65, 4, 1 })]
    public void Malformed_headers_name_nothing(byte[] headers) =>
        Read(new EventStreamBytes().Message(headers, "x"u8.ToArray()).ToArray(), 5, header: "A").Should().Equal("event::x");

    [Fact]
    public void Messages_come_out_the_same_however_they_are_cut()
    {
        byte[] stream = new EventStreamBytes()
            .Event("a", "{}").Event("b", new string('x', 5000)).Event("c", "").Event("d", new string('y', Limit - 100)).ToArray();
        string[] expected = ["event:a:{}", "large:b:" + new string('x', 5000), "event:c:", "event:d:" + new string('y', Limit - 100)];
        var random = new Random(5);

        Read(stream, stream.Length).Should().Equal(expected);
        Read(stream, 1).Should().Equal(expected);
        for (int i = 0; i < 50; i++)
        {
            Read(stream, random.Next(2, 400), random).Should().Equal(expected);
        }
    }

    [Fact]
    public void A_changed_bit_is_seen_wherever_it_is_and_ends_the_reading()
    {
        var written = new EventStreamBytes().Event("a", "first").Event("b", "second").Event("c", new string('z', 2000)).Event("d", "last");
        byte[] stream = written.ToArray();
        string[] messages = ["event:a:first", "event:b:second", "large:c:" + new string('z', 2000), "event:d:last"];
        for (int bit = 0; bit < stream.Length * 8; bit += 3)
        {
            byte[] damaged = [.. stream];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            int message = written.Ends.FindIndex(end => end > bit / 8);

            List<string> read = Read(damaged, bit % 2 == 0 ? stream.Length : 100);

            // A length that was made larger may wait for bytes that never come, but is not believed: the prelude has a
            // checksum of its own.
            read.Should().Equal([.. messages[..message], "corrupt"], "bit {0} was changed", bit);
        }
    }

    [Theory]
    [InlineData("0000000f00000000")]
    [InlineData("ffffffff00000000")]
    [InlineData("0200000000000000")]
    [InlineData("0000001000000001")]
    [InlineData("0010000000030000")]
    public void A_length_that_no_message_has_is_not_believed_though_its_checksum_is_right(string lengths)
    {
        byte[] prelude = Convert.FromHexString(lengths);
        uint checksum = EventStreamBytes.Checksum(prelude);

        Read([.. prelude, (byte)(checksum >> 24), (byte)(checksum >> 16), (byte)(checksum >> 8), (byte)checksum, .. new byte[100]], 9)
            .Should().Equal("corrupt");
    }

    // What was found, a line each: of events their type and payload.
    private static List<string> Read(byte[] bytes, int pieceLength, Random? random = null, string header = ":event-type")
    {
        var found = new List<string>();
        var large = new LargePayload();
        var decoder = new EventStreamDecoder(Limit, large);
        for (int at = 0; at < bytes.Length;)
        {
            byte[] piece = [.. bytes.Skip(at).Take(random?.Next(1, pieceLength + 1) ?? pieceLength)];
            at += piece.Length;
            int position = 0;
            for (FramingResult result; (result = decoder.Read(piece, ref position)) != FramingResult.NeedMore;)
            {
                string type = result == FramingResult.Corrupt
                    ? "" : Encoding.UTF8.GetString(decoder.GetHeaders(piece).Find(Encoding.UTF8.GetBytes(header)));
                found.Add(result switch
                {
                    FramingResult.Corrupt => "corrupt",
                    FramingResult.LargeEvent => $"large:{type}:{large.Text}",
                    _ when type.Length == 0 && decoder.GetPayload(piece).IsEmpty => "event:",
                    _ => $"event:{type}:{Encoding.UTF8.GetString(decoder.GetPayload(piece))}",
                });
            }

            Array.Clear(piece);
        }

        decoder.Release();
        return found;
    }

    private sealed class LargePayload : ILargeEventReader
    {
        public BufferBudget? Budget => null;

        private readonly StringBuilder _text = new();

        public string Text => _text.ToString();

        public void Begin() => _text.Clear();

        public void Append(ReadOnlySpan<byte> data) => _text.Append(Encoding.UTF8.GetString(data));
    }
}
