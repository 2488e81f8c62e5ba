using System.IO.Compression;
using System.Text;
using StreamUsage.Framing;
using StreamUsage.Framing.Encodings;
using StreamUsage.Parsing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Attacks;

/// <summary>Bodies of a few bytes that are to cost much. Measures the process's memory and time: nothing else runs
/// beside it.</summary>
[Collection(AloneCollection.Name)]
public sealed class SmallBodyTests
{
    private const int MaxExtra = 60_000;

    // A hundred times what it takes: the benchmark "hostile" has the figures.
    private static readonly TimeSpan MaxReadTime = TimeSpan.FromMilliseconds(500);

    private static readonly string ToolNames =
        """{"type":"message_delta","usage":{"server_tool_use":{"""
        + string.Join(',', Enumerable.Range(0, 64).Select(i => $"\"n{i:D2}\":0")) + "}}}";

    public static TheoryData<string, string> Bodies { get; } = new()
    {
        { "a count of 64 in each event",
            ToolNames + "|data:{\"usage\":{\"server_tool_use\":{\"n00\":1}}}\n\ndata:{\"usage\":{\"server_tool_use\":{\"n00\":2}}}\n\n" },
        { "a count of 64 in each member",
            ToolNames + "|\"usage\":{\"server_tool_use\":{\"n00\":1}},\"usage\":{\"server_tool_use\":{\"n00\":2}}," },
        { "broken objects", "{}|data:{\n\n" },
        { "comments", "{}|:\n" },
        { "spaces", "{}|        " },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task A_small_encoded_body_costs_little_memory_and_no_read_takes_long(string name, string parts)
    {
        byte[] body = Bomb(parts.Split('|')[0], parts.Split('|')[1], 16 * 1024 * 1024);
        body.Length.Should().BeLessThan(1024, "{0} is what a few bytes can be", name);
        await using var tracker = new UsageTracker(new RecordingSink());
        await ReadAsync(tracker, body); // What is made once is not counted.
        long before = GC.GetTotalAllocatedBytes(precise: true);

        (UsageRecord record, TimeSpan longest) = await ReadAsync(tracker, body);

        (GC.GetTotalAllocatedBytes(precise: true) - before).Should().BeLessThan(4 * 1024 * 1024, "5.7 GB were allocated once");
        longest.Should().BeLessThan(MaxReadTime);
        record.BytesReceived.Should().Be(body.Length);
    }

    [Fact]
    public void The_ratio_holds_from_the_first_byte()
    {
        byte[] body = Bomb("{}", "data:1\n\n", 16 * 1024 * 1024);
        var reader = new BodyReader(new ReaderSettings(new ParserSet([]), 1024 * 1024), ApiFormat.Auto);
        var decoded = new DecodedBody([() => new BrotliContentDecoder()]);

        decoded.Read(body, reader);
        while (decoded.IsBehind)
        {
            decoded.ReadOn(reader);
        }

        decoded.Fault.Should().Be(ContentFault.TooLarge);
        (reader.Events.EventCount * "data:1\n\n".Length).Should().BeInRange(1, (64 * 1024) + (300 * body.Length));
        decoded.Release();
        reader.Release();
    }

    [Fact]
    public void What_decodes_to_nothing_takes_the_time_of_a_read_as_well()
    {
        byte[] body = EmptyBlocks(MaxExtra, 3_000_000);
        var decoded = new DecodedBody([() => new BrotliContentDecoder(), () => new DeflateContentDecoder(isGzip: true)]);

        (TimeSpan longest, int reads) = Read(decoded, body, 16 * 1024);

        decoded.Fault.Should().BeNull();
        reads.Should().BeGreaterThan((body.Length / (16 * 1024)) + 2, "most of it is left for later");
        longest.Should().BeLessThan(TimeSpan.FromMilliseconds(40), "a read decodes for 2 ms, and all of it takes ten times as long");
    }

    [Fact]
    public void A_reader_waits_for_no_body_that_grows_like_no_event_stream()
    {
        byte[] body = Repeated(":\n", ratio: 250, encodedLength: 2 * 1024 * 1024);
        var decoded = new DecodedBody([() => new BrotliContentDecoder()]);

        (TimeSpan longest, _) = Read(decoded, body, 16 * 1024);

        decoded.Fault.Should().Be(ContentFault.TooLarge);
        longest.Should().BeLessThan(TimeSpan.FromMilliseconds(50), "to decode all that waits takes ten times as long");
    }

    [Fact]
    public void A_reader_that_is_too_fast_waits_until_there_is_room_and_all_is_read()
    {
        byte[] body = Repeated($"data:{new string('x', 190)}\n\n", ratio: 30, encodedLength: 5 * 512 * 1024, out long events);
        var decoded = new DecodedBody([() => new BrotliContentDecoder()]);
        var reader = new BodyReader(new ReaderSettings(new ParserSet([]), 1024 * 1024), ApiFormat.Auto);

        Read(decoded, body, 16 * 1024, reader);

        decoded.Fault.Should().BeNull();
        reader.Events.EventCount.Should().Be(events);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("gzip, br")]
    public async Task What_a_read_has_no_time_for_is_decoded_later(string encoding)
    {
        byte[] plain = Encoding.UTF8.GetBytes(
            Answers.ClaudeStart + string.Concat(Enumerable.Repeat(Answers.ClaudeText, 20_000)) + Answers.ClaudeDelta + Answers.ClaudeStop);
        byte[] body = Encoded.Encode(encoding, [.. RandomEvents(2000), plain]).SelectMany(piece => piece).ToArray();
        long seen = 0;

        // A thread that loses its processor may have no time for any event, and the body is read again.
        for (int i = 0; i < 20 && seen == 0; i++)
        {
            seen = await ReadInOneAsync(encoding, body);
        }

        seen.Should().BeInRange(1, 22_002, "3 MB take longer than a read may");
    }

    [Fact]
    public async Task A_stop_ends_what_is_still_being_decoded_and_has_its_record()
    {
        byte[] body = Encoded.Encode("br", [.. RandomEvents(20_000)]).SelectMany(piece => piece).ToArray();
        var sink = new RecordingSink();
        var tracker = new UsageTracker(sink, new StreamUsageOptions { ShutdownGracePeriod = TimeSpan.Zero });
        await using (Stream tracked =
            tracker.Track(new MemoryStream(body), Track.Nothing, out _, new TrackedResponse { ContentEncoding = "br" }))
        {
            await tracked.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken);
        }

        await tracker.DisposeAsync();

        sink.Records.Should().ContainSingle().Which.BytesReceived.Should().Be(body.Length);
    }

    [Fact]
    public async Task A_reader_that_asked_for_it_is_told_of_a_large_body_without_an_answer()
    {
        byte[] body = Encoded.Encode(
            "br", Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 200_000).Select(i => $"no answer {i}\n"))));
        await using var tracker = new UsageTracker(new RecordingSink(), new StreamUsageOptions { ThrowOnUnreadableStream = true });
        await using Stream tracked =
            tracker.Track(new MemoryStream(body), Track.Nothing, out _, new TrackedResponse { ContentEncoding = "br" });

        Func<Task> reading = () => tracked.CopyToAsync(Stream.Null, body.Length, TestContext.Current.CancellationToken);

        (await reading.Should().ThrowAsync<EmptyStreamException>()).Which.Outcome.Should().Be(StreamOutcome.Unreadable);
    }

    [Theory]
    [InlineData("gzip", int.MaxValue)]
    [InlineData("gzip", 1)]
    [InlineData("gzip", 5)]
    [InlineData("deflate", int.MaxValue)]
    [InlineData("deflate", 1)]
    [InlineData("deflate", 3)]
    public async Task A_body_with_a_wrong_checksum_keeps_its_last_piece(string encoding, int pieceLength)
    {
        byte[] body = Encoded.Encode(encoding, Answers.ClaudeBytes);
        body[^(encoding == "gzip" ? 8 : 4)] ^= 0x55;
        var log = new RecordingLog();
        var tracker = new UsageTracker(new RecordingSink(), null, log);
        await using Stream tracked = tracker.Track(new PiecewiseStream(body, pieceLength),
            Track.Nothing, out UsageTracking tracking, new TrackedResponse { ContentEncoding = encoding });

        await tracked.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken);

        (await tracking.Completion)
            .Should().BeEquivalentTo(new { Outcome = StreamOutcome.Completed, EventCount = 4L, OutputCharacters = 24L });
        await tracker.DisposeAsync();
        log.Lines.Should().ContainSingle(line => line.EventId == 20).Which.Text.Should().EndWith("Damaged");
    }

    [Fact]
    public void Broken_events_among_many_others_leave_the_whole_ones_read()
    {
        string body = string.Concat(Enumerable.Range(0, 100).Select(i => $"data: {{\"x\":{i}\n\ndata: {{\"x\":nul}}\n\ndata: [DONE\n\n"))
            + Answers.Claude + string.Concat(Enumerable.Repeat("data: {\n\n", 100)) + Answers.ClaudeDelta;

        ReadBody read = ReadBody.Of(body);

        read.Should().BeEquivalentTo(new { Outcome = StreamOutcome.Completed, EventCount = 405L, OutputCharacters = 24L });
        read.Usage.OutputTokens.Should().Be(15);
        read.SkippedEvents.Should().Be(400);
    }

    // The number of events that are known after a read of the whole body.
    private static async Task<long> ReadInOneAsync(string encoding, byte[] body)
    {
        await using var tracker = new UsageTracker(new RecordingSink());
        await using Stream tracked = tracker.Track(
            new MemoryStream(body), Track.Nothing, out UsageTracking tracking, new TrackedResponse { ContentEncoding = encoding });

        (await tracked.ReadAsync(new byte[body.Length], TestContext.Current.CancellationToken)).Should().Be(body.Length);
        long seen = tracking.Current.EventCount;
        (await tracked.ReadAsync(new byte[1], TestContext.Current.CancellationToken)).Should().Be(0);

        UsageRecord record = await tracking.Completion;
        record.Should().BeEquivalentTo(new
        {
            Outcome = StreamOutcome.Completed,
            EventCount = 22_003L,
            OutputCharacters = 480_000L,
            BytesReceived = (long)body.Length,
        });
        record.Usage.OutputTokens.Should().Be(15);
        return seen;
    }

    // So many events that no template matches and nothing compresses well.
    private static IEnumerable<byte[]> RandomEvents(int count)
    {
        var random = new Random(5);
        return Enumerable.Range(0, count).Select(
            i => Answers.Bytes($"event: ping\ndata: {{\"type\":\"ping\",\"k{i}\":\"{Convert.ToBase64String(RandomBytes(random))}\"}}\n\n"));
    }

    private static byte[] RandomBytes(Random random)
    {
        byte[] bytes = new byte[60];
        random.NextBytes(bytes);
        return bytes;
    }

    // A gzip body of blocks that hold nothing, behind a field of noise that lets it grow, under brotli.
    private static byte[] EmptyBlocks(int noise, int blocks)
    {
        var gzip = new MemoryStream();
        byte[] extra = new byte[noise];
        new Random(1).NextBytes(extra);
        gzip.Write([0x1F, 0x8B, 8, 4, 0, 0, 0, 0, 0, 0xFF, (byte)noise, (byte)(noise >> 8)]);
        gzip.Write(extra);
        for (int i = 0; i < blocks; i++)
        {
            gzip.Write([0, 0, 0, 0xFF, 0xFF]);
        }

        return Encoded.Encode("br", gzip.ToArray());
    }

    private static byte[] Repeated(string part, int ratio, int encodedLength) => Repeated(part, ratio, encodedLength, out _);

    private static byte[] Repeated(string part, int ratio, int encodedLength, out long parts)
    {
        var random = new Random(2);
        var encoded = new MemoryStream();
        byte[] noise = new byte[4096];
        int times = noise.Length * ratio / part.Length;
        byte[] repeated = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(part, times)));
        parts = 0;
        using (var brotli = new BrotliStream(encoded, CompressionLevel.Fastest, leaveOpen: true))
        {
            while (encoded.Length < encodedLength)
            {
                for (int i = 0; i < noise.Length; i++)
                {
                    noise[i] = (byte)random.Next('A', 0x80); // A comment.
                }

                brotli.Write(":"u8);
                brotli.Write(noise);
                brotli.Write("\n"u8);
                brotli.Write(repeated);
                brotli.Flush();
                parts += times;
            }
        }

        return encoded.ToArray();
    }

    private static (TimeSpan Longest, int Reads) Read(DecodedBody decoded, byte[] body, int pieceLength, BodyReader? reader = null)
    {
        reader ??= new BodyReader(new ReaderSettings(new ParserSet([]), 1024 * 1024), ApiFormat.Auto);
        TimeSpan longest = default;
        int reads = 0;
        for (int at = 0; at < body.Length || decoded.IsBehind; at += pieceLength, reads++)
        {
            TimeSpan start = ThreadTime.Now, collected = GC.GetTotalPauseDuration();
            if (at < body.Length)
            {
                decoded.Read(body.AsSpan(at, Math.Min(pieceLength, body.Length - at)), reader);
            }
            else
            {
                decoded.ReadOn(reader);
            }

            TimeSpan time = ThreadTime.Now - start - (GC.GetTotalPauseDuration() - collected);
            longest = time > longest ? time : longest;
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{body.Length} bytes, {reads} reads, the longest took {longest.TotalMilliseconds:F2} ms");
        decoded.Release();
        reader.Release();
        return (longest, reads);
    }

    private static byte[] Bomb(string first, string repeated, int size)
    {
        var encoded = new MemoryStream();
        using (var brotli = new BrotliStream(encoded, CompressionLevel.SmallestSize))
        {
            brotli.Write(Encoding.UTF8.GetBytes($"data:{first}\n\n"));
            brotli.Write(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(repeated, size / repeated.Length))));
        }

        return encoded.ToArray();
    }

    private static async Task<(UsageRecord Record, TimeSpan Longest)> ReadAsync(UsageTracker tracker, byte[] body)
    {
        await using Stream tracked = tracker.Track(
            new MemoryStream(body), Track.Nothing, out UsageTracking tracking, new TrackedResponse { ContentEncoding = "br" });
        byte[] buffer = new byte[4096];
        TimeSpan longest = default;
        for (int length = 1; length != 0;)
        {
            TimeSpan start = ThreadTime.Now, collected = GC.GetTotalPauseDuration();
            length = tracked.Read(buffer, 0, buffer.Length);
            TimeSpan time = ThreadTime.Now - start - (GC.GetTotalPauseDuration() - collected);
            longest = time > longest ? time : longest;
        }

        return (await tracking.Completion, longest);
    }
}
