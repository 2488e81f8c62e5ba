using System.Globalization;
using System.Text;
using CsCheck;
using StreamUsage.Framing;
using StreamUsage.Sse;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Sse;

/// <summary>Random streams, randomly cut, against a reader that does what the standard says line by line.</summary>
public sealed class SseDecoderPropertyTests
{
    private static readonly Gen<string> LineEnd = Gen.OneOf("\n", "\r", "\r\n");
    private static readonly Gen<string> Value = Gen.OneOf(
        "", " ", "  ", "a", " a", ":", "[DONE]", " {\"a\":1}", "{", "7", " 1500", "x\0y", "\u00e4\u20ac\U0001F600", "\uFEFF", "0123456789");
    private static readonly Gen<string> Field =
        Gen.OneOf("data", "data", "data", "event", "id", "retry", "", "dat", "data ", "datas", "\0data", "\0id", "\uFEFFdata", "unknown");

    private static readonly Gen<string> Line = Gen.Frequency(
        (6, Gen.Select(Field, Value, (field, value) => field + ":" + value)),
        (1, Field),
        (3, Gen.Const("")));

    private static readonly Gen<string> Body = Gen.Select(
        Gen.OneOf("", "\uFEFF", "\uFEFF\uFEFF"),
        Gen.Select(Line, LineEnd, (line, end) => line + end).Array[0, 12],
        Gen.OneOf("", "data", "data: {\"a\":1}", "data: [DONE]", "event: x", "id: 3"),
        (start, lines, end) => start + string.Concat(lines) + end);

    [Fact]
    public void Events_are_the_standards_whatever_the_stream_and_its_cuts() =>
        Gen.Select(Body, Gen.Int[1, 7].Array[0, 40], Gen.Bool, Gen.Int[10, 40]).Sample(
            (body, lengths, delivers, limit) =>
            {
                byte[] bytes = Encoding.UTF8.GetBytes(body);
                var options = new SseReaderOptions { DeliverUnfinishedEvent = delivers, MaxEventBytes = limit };

                // Synchronous all the way: the whole sequence is at hand.
                List<DecodedEvent> events = SseBytes.ReadAsync(SseBytes.InSegments(bytes, lengths), options).GetAwaiter().GetResult();

                events.Should().Equal(Reference(body, delivers, limit));
            },
            iter: 20_000);

    // The standard's algorithm as it is written, over a string, with the reader's two additions at the end.
    private static List<DecodedEvent> Reference(string body, bool deliversUnfinished, int limit)
    {
        var events = new List<DecodedEvent>();
        string text = body.StartsWith('\uFEFF') ? body[1..] : body;
        string[] lines = text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n').Split('\n');
        List<string> data = [];
        string type = "", id = "";
        TimeSpan? retry = null;
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i];
            bool isUnfinished = i == lines.Length - 1;
            if (line.Length == 0 && !isUnfinished)
            {
                Dispatch();
                continue;
            }

            int colon = line.IndexOf(':', StringComparison.Ordinal);
            string field = colon < 0 ? line : line[..colon];
            string value = colon < 0 ? "" : line[(colon + 1)..];
            value = value.StartsWith(' ') ? value[1..] : value;
            if (isUnfinished)
            {
                // A line that the end cut off: only data can still make an event whole, where it has its colon.
                bool isData = field == "data" && colon >= 0;
                if (isData)
                {
                    data.Add(value);
                }

                type = field == "event" && colon >= 0 ? "" : type;
                if (deliversUnfinished && (line.Length == 0 || UnfinishedData.IsWhole(Encoding.UTF8.GetBytes(string.Join('\n', data)))))
                {
                    Dispatch();
                }

                break;
            }

            switch (field)
            {
                case "data":
                    data.Add(value);
                    break;
                case "event":
                    type = value;
                    break;
                case "id" when !value.Contains('\0', StringComparison.Ordinal) && Encoding.UTF8.GetByteCount(value) <= limit:
                    id = value;
                    break;
                case "retry" when value.Length != 0 && value.All(char.IsAsciiDigit):
                    retry = TimeSpan.FromMilliseconds(Math.Min(3_155_760_000_000, double.Parse(value, CultureInfo.InvariantCulture)));
                    break;
            }
        }

        return events;

        void Dispatch()
        {
            if (data.Count != 0)
            {
                string joined = string.Join('\n', data);
                if (Encoding.UTF8.GetByteCount(joined) <= limit)
                {
                    events.Add(new DecodedEvent(type.Length == 0 ? "message" : type, joined, id, retry));
                    retry = null;
                }
            }

            data.Clear();
            type = "";
        }
    }
}
