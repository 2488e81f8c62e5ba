using System.Text;
using StreamUsage.Buffers;
using StreamUsage.Framing;

namespace StreamUsage.Tests.Parsing;

/// <summary>The objects of a body that is plain JSON, however its bytes are cut.</summary>
public sealed class JsonBodyDecoderTests
{
    [Theory]
    [InlineData("""{"a":1}""", """{"a":1}""")]
    [InlineData("\uFEFF  {\"a\":1}\n", """{"a":1}""")]
    [InlineData("{}\n{}\r\n\n{\"b\":2}", "{}|{}|{\"b\":2}")]
    [InlineData("""[{"a":[{"b":{}}]},{"c":"}"}]""", """{"a":[{"b":{}}]}|{"c":"}"}""")]
    [InlineData("""[ {"a":"\"}{"} , {"b":"\\"} ]""", """{"a":"\"}{"}|{"b":"\\"}""")]
    [InlineData("""{"a":"[{\\\"]"}{"b":"\u007b"}""", """{"a":"[{\\\"]"}|{"b":"\u007b"}""")]
    [InlineData("""{"a":1}[DONE]{"b":2}""", """{"a":1}|{"b":2}""")]
    [InlineData("""{"cut":{"a":1}""", "")]
    [InlineData("[]", "")]
    [InlineData("", "")]
    public void Each_object_is_an_event_whole_byte_by_byte_and_cut_anywhere(string body, string expected)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(body);
        string[] objects = expected.Length == 0 ? [] : expected.Split('|');
        Decode(bytes, bytes.Length + 1).Events.Should().Equal(objects);
        Decode(bytes, 1).Events.Should().Equal(objects);
        for (int cut = 1; cut < bytes.Length; cut++)
        {
            Decode(bytes, cut).Events.Should().Equal(objects, "in pieces of {0}", cut);
        }
    }

    [Theory]
    [InlineData(8, false)]
    [InlineData(7, true)]
    public void An_object_over_the_limit_goes_to_the_large_event_reader_and_decoding_goes_on(int limit, bool isLarge)
    {
        byte[] bytes = "{\"a\":12}\n{}\n{\"b\":34}"u8.ToArray();
        for (int piece = 1; piece <= bytes.Length; piece++)
        {
            (List<string> events, List<string> large) = Decode(bytes, piece, limit);

            events.Should().Equal(isLarge ? ["{}"] : ["{\"a\":12}", "{}", "{\"b\":34}"]);
            large.Should().Equal(isLarge ? ["{\"a\":12}", "{\"b\":34}"] : []);
        }
    }

    private static (List<string> Events, List<string> Large) Decode(byte[] body, int pieceLength, int limit = 1024)
    {
        var large = new LargeEvents();
        var decoder = new JsonBodyDecoder(limit, large);
        var events = new List<string>();
        for (int at = 0; at < body.Length; at += pieceLength)
        {
            byte[] piece = body[at..Math.Min(body.Length, at + pieceLength)];
            int position = 0;
            while (decoder.Read(piece, ref position) is var found and not FramingResult.NeedMore)
            {
                if (found == FramingResult.Event)
                {
                    events.Add(Encoding.UTF8.GetString(decoder.GetData(piece)));
                }
            }
        }

        decoder.Release();
        return (events, large.Events.ConvertAll(e => e.ToString()));
    }

    private sealed class LargeEvents : ILargeEventReader
    {
        public BufferBudget? Budget => null;

        public List<StringBuilder> Events { get; } = [];

        public void Begin() => Events.Add(new StringBuilder());

        public void Append(ReadOnlySpan<byte> data) => Events[^1].Append(Encoding.UTF8.GetString(data));
    }
}
