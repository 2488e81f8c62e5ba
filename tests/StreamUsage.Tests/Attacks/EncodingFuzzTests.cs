using System.Text;
using StreamUsage.Framing;
using StreamUsage.Framing.Encodings;
using StreamUsage.Parsing;
using StreamUsage.Tests.Fuzz;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Attacks;

/// <summary>Bodies under content encodings, made up, repeated and damaged: cutting changes nothing unless they are
/// damaged, and no read takes long. Seconds unless STREAMUSAGE_FUZZ_SECONDS says how many.</summary>
[Collection(AloneCollection.Name)] // Measures time.
public sealed class EncodingFuzzTests(ITestOutputHelper output)
{
    private static readonly string[] Names = ["gzip", "br", "deflate", "deflate-raw", "zstd", "gzip, br", "br, gzip, deflate"];

    private static readonly ContentDecoders Decoders = new(new StreamUsageOptions().AddZstd().ContentDecoders);

    private static readonly string[] Parts =
    [
        Answers.Claude, Answers.ClaudeText, Answers.ChatText, Answers.ChatError, Answers.ResponsesCreated, "data:{}\n\n", "data:{\n\n",
        "{x}\n", ":\n", "\n", "\0", "data:1\n", "event:error\ndata:x\n\n",
        "data:{\"usage\":{\"server_tool_use\":{\"a\":1}}}\n\n", "data:{\"usage\":{\"server_tool_use\":{\"b\":2,\"c\":3}}}\n\n",
        "data:{\"choices\":[{\"index\":9,\"delta\":{\"content\":\"\\ud83d\"}}]}\n\n", "[[[[", "{\"a\":",
    ];

    private static readonly TimeSpan Goal = TimeSpan.FromMilliseconds(5);

    // Bodies that are not measured: their reads compile the code.
    private static readonly int WarmUp = FuzzTime.IsLong ? 2000 : 50;

    [Fact]
    public void Encoded_bodies_are_read_without_harm()
    {
        TimeSpan longest = default;
        long reads = 0, slow = 0, bodies = 0, bytes = 0;
        foreach (int seed in FuzzTime.Rounds(unlessTimed: 150))
        {
            var random = new Random(seed);
            string encoding = Names[random.Next(Names.Length)];
            byte[] body = Encoded.Encode(encoding, Make(random));
            body = random.Next(2) == 0 ? Mutator.Mutate(body, random) : body;

            string whole = Measure(encoding, body, 16 * 1024, null);
            string cut = Measure(encoding, body, 1 + random.Next(16 * 1024), seed);

            (cut == "failed" ? whole : cut).Should().Be(whole == "failed" ? cut : whole,
                "seed {0}: this body was read under {1}: {2}", seed, encoding, body.Length > 4096 ? "" : Convert.ToBase64String(body));
            bodies++;
            bytes += body.Length;
        }

        output.WriteLine($"{bodies} bodies of {bytes} bytes, {reads} reads: the longest took {longest.TotalMilliseconds:F2} ms, in {slow} "
            + "bodies more than 5 ms");
        longest.Should().BeLessThan(Goal * (FuzzTime.IsLong ? 1 : 20), "code that is not optimised yet takes ten times as long");

        // Other work of the machine takes time too, so a slow body is read again, and its fastest reading counts.
        string Measure(string encoding, byte[] body, int pieceLength, int? seed)
        {
            string result = Read(encoding, body, pieceLength, seed, out TimeSpan time);
            for (int again = 0; again < 3 && time > Goal; again++)
            {
                Read(encoding, body, pieceLength, seed, out TimeSpan next);
                time = next < time ? next : time;
            }

            if (bodies >= WarmUp)
            {
                longest = time > longest ? time : longest;
                slow += time > Goal ? 1 : 0;
            }

            return result;
        }

        string Read(string encoding, byte[] body, int pieceLength, int? seed, out TimeSpan slowest)
        {
            Random? lengths = seed is { } given ? new Random(given) : null;
            slowest = default;
            var reader = new BodyReader(new ReaderSettings(new ParserSet([]), 64 * 1024), ApiFormat.Auto);
            var decoded = new DecodedBody(Decoders.Find(Encoded.Header(encoding))!);
            for (int at = 0; at < body.Length;)
            {
                int length = Math.Min(lengths?.Next(1, pieceLength + 1) ?? pieceLength, body.Length - at);
                TimeSpan start = ThreadTime.Now, collected = GC.GetTotalPauseDuration();
                decoded.Read(body.AsSpan(at, length), reader);
                TimeSpan time = ThreadTime.Now - start - (GC.GetTotalPauseDuration() - collected);
                slowest = time > slowest ? time : slowest;
                reads++;
                at += length;
            }

            while (decoded.IsBehind)
            {
                decoded.ReadOn(reader);
            }

            decoded.Release();
            reader.Finish();
            reader.Release();
            var state = reader.Events.State;

            // Where a body fails may depend on the pieces: how much was received when the ratio is looked at, and what
            // a decoder throws away with the piece that it finds damaged.
            return decoded.Fault is not null
                ? "failed"
                : $"{decoded.Fault} {reader.Events.Protocol} {reader.Events.EventCount} {reader.Events.SkippedEvents} "
                    + $"{reader.Events.OutputCharacters} {state.Usage} {state.Error} "
                    + $"{state.IsComplete} {string.Join(';', state.ServerToolUse)}";
        }
    }

    private static byte[] Make(Random random)
    {
        var body = new StringBuilder();
        for (int i = random.Next(1, 6); i > 0; i--)
        {
            string part = Parts[random.Next(Parts.Length)];
            int times = random.Next(4) == 0 ? random.Next(1, 200_000 / part.Length) : random.Next(1, 5);
            body.Insert(body.Length, part, times);
        }

        return Encoding.UTF8.GetBytes(body.ToString());
    }
}
