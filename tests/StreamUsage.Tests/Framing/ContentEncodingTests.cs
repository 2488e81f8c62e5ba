using System.Buffers;
using System.Text;
using CsCheck;
using StreamUsage.Accounting;
using StreamUsage.Capture;
using StreamUsage.Framing.Encodings;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Framing;

/// <summary>A body under a Content-Encoding: the caller has its bytes, the record has what they say.</summary>
public sealed class ContentEncodingTests(LoopbackProvider provider) : IClassFixture<LoopbackProvider>
{
    public static TheoryData<string> Encodings() => [.. Encoded.All];

    [Theory]
    [MemberData(nameof(Encodings))]
    public async Task An_event_is_seen_when_it_is_flushed(string encoding)
    {
        byte[][] events = Encoded.Events(Answers.Claude);
        List<byte[]> pieces = Encoded.Encode(encoding, events);
        long[] all = [.. Enumerable.Range(1, events.Length)];
        long[] seen = [];

        // A read decodes for 2 ms at most. A thread that loses its processor meanwhile leaves the rest to the next
        // read, and the body is read again.
        for (int i = 0; i < 100 && !seen.SequenceEqual(all); i++)
        {
            seen = await ReadEventsAsync(encoding, pieces, events.Length);
        }

        seen.Should().Equal(all);
    }

    [Theory]
    [MemberData(nameof(Encodings))]
    public async Task A_body_is_read_whole_byte_by_byte_and_at_random_cuts(string encoding)
    {
        byte[] flushed = [.. Encoded.Encode(encoding, Encoded.Events(Answers.Claude)).SelectMany(piece => piece)];
        byte[] whole = Encoded.Encode(encoding, Answers.ClaudeBytes);
        foreach (byte[] body in (byte[][])[flushed, whole])
        {
            foreach (int pieceLength in (int[])[body.Length, 1, .. Enumerable.Range(0, 20).Select(i => (i * 37 % body.Length) + 1)])
            {
                UsageRecord record = await RecordAsync(encoding, body, pieceLength);

                VerifyClaude(record);
                record.BytesReceived.Should().Be(body.Length);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Encodings))]
    public async Task A_response_over_HTTP_has_its_bytes_headers_and_record(string encoding)
    {
        List<byte[]> pieces = Encoded.Encode(encoding, Encoded.Events(Answers.Claude));
        foreach (string version in (string[])["1.1", "2.0"])
        {
            using HttpResponseMessage response = await provider.GetAsync(
                async context =>
                {
                    context.Response.ContentType = "text/event-stream";
                    context.Response.Headers.ContentEncoding = Encoded.Header(encoding);
                    foreach (byte[] piece in pieces)
                    {
                        await context.Response.Body.WriteAsync(piece);
                        await context.Response.Body.FlushAsync();
                    }
                },
                version);
            UsageTracking tracking =
                response.TrackUsage(new UsageTracker(new RecordingSink(), new StreamUsageOptions().AddZstd()), Track.Nothing);

            byte[] seen = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);

            seen.Should().Equal(pieces.SelectMany(piece => piece));
            response.Content.Headers.GetValues("Content-Encoding").Should().NotBeEmpty();
            VerifyClaude(await tracking.Completion);
        }
    }

    [Fact]
    public async Task A_body_that_the_handler_decodes_is_read_as_it_comes()
    {
        VerifyClaude(await RecordAsync("identity", Answers.ClaudeBytes));
        VerifyClaude(await RecordAsync("", Answers.ClaudeBytes));
        VerifyClaude(await RecordAsync(null, Answers.ClaudeBytes));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("zstd")]
    public async Task Several_gzip_members_or_zstd_frames_are_one_body(string encoding)
    {
        byte[] body = [.. Encoded.Events(Answers.Claude).SelectMany(e => Encoded.Encode(encoding, e))];

        foreach (int pieceLength in (int[])[1, 7, body.Length])
        {
            VerifyClaude(await RecordAsync(encoding, body, pieceLength));
        }
    }

    [Fact]
    public async Task Without_its_package_zstd_is_not_known()
    {
        (await RecordAsync("zstd", Encoded.Encode("zstd", Answers.ClaudeBytes), options: new StreamUsageOptions())).Outcome
            .Should().Be(StreamOutcome.Unreadable);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    [InlineData("deflate-raw")]
    public async Task What_stands_behind_the_end_is_not_read(string encoding)
    {
        byte[] body = [.. Encoded.Encode(encoding, Answers.ClaudeBytes), .. new byte[20_000]];
        UsageRecord record = await RecordAsync(encoding, body, 9_000);

        VerifyClaude(record);
        record.BytesReceived.Should().Be(body.Length);
    }

    [Theory]
    [InlineData("compress")]
    [InlineData("gzip, unheard-of")]
    [InlineData("gzip, gzip, gzip, gzip")]
    public async Task An_encoding_that_is_not_known_makes_the_body_unreadable_and_says_why(string encoding)
    {
        var log = new RecordingLog();
        UsageRecord record = await RecordAsync(encoding, Answers.ClaudeBytes, log: log);

        record.Should().BeEquivalentTo(
            new { Outcome = StreamOutcome.Unreadable, StatusCode = 502, EventCount = 0, BytesReceived = Answers.ClaudeBytes.Length });
        record.Response!.RawExcerpt.Should().StartWith("event: message_start");
        log.Lines.Should().ContainSingle(line => line.EventId == 20).Which.Text
            .Should().EndWith("Content-Encoding: Unsupported").And.NotContain("unheard");
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    [InlineData("zstd")]
    public async Task A_body_that_is_not_what_its_encoding_says_is_unreadable_and_says_why(string encoding)
    {
        var log = new RecordingLog();
        UsageRecord record = await RecordAsync(encoding, Answers.ClaudeBytes, 10, log);

        record.Outcome.Should().Be(StreamOutcome.Unreadable);
        record.Response!.RawExcerpt.Should().Contain("message_start");
        log.Lines.Should().ContainSingle(line => line.EventId == 20).Which.Text.Should().EndWith("Damaged");
    }

    [Fact]
    public async Task A_body_damaged_anywhere_gives_what_was_read_so_far_and_never_an_exception()
    {
        var body = new StringBuilder(Answers.ClaudeStart);
        for (int i = 0; i < 300; i++)
        {
            body.Append(Answers.ClaudeText.Replace("Twenty", $"Word {i * 7919}", StringComparison.Ordinal));
        }

        byte[] plain = Encoding.UTF8.GetBytes(body.Append(Answers.ClaudeDelta).Append(Answers.ClaudeStop).ToString());
        byte[][] bodies = [.. Encoded.All.Select(encoding => Encoded.Encode(encoding, plain))];
        await Gen.Select(Gen.Int[0, Encoded.All.Count - 1], Gen.Int[0, 100_000], Gen.Byte[1, 255], Gen.Int[1, 3000], Gen.Bool).SampleAsync(
            async (which, at, change, pieceLength, isCut) =>
            {
                byte[] damaged = [.. bodies[which]];
                at %= damaged.Length;
                damaged[at] ^= change;
                byte[] sent = isCut ? damaged[..at] : damaged;

                UsageRecord record = await RecordAsync(Encoded.All[which], sent, pieceLength);

                bool isWhole = record.Outcome is StreamOutcome.Completed;
                return record.BytesReceived == sent.Length && record.OutputCharacters <= 16_000
                    && (isWhole || record.Outcome is StreamOutcome.Unreadable
                        or StreamOutcome.Interrupted or StreamOutcome.Empty or StreamOutcome.ProviderError)
                    && (!isWhole || record.Usage.InputTokens == 25 || !isCut);
            },
            iter: 1000, threads: 1);
    }

    [Fact]
    public async Task A_cut_body_gives_what_was_read_so_far()
    {
        List<byte[]> pieces = Encoded.Encode("gzip", Encoded.Events(Answers.Claude));
        UsageRecord record = await RecordAsync("gzip", [.. pieces[0], .. pieces[1]]);

        record.Should().BeEquivalentTo(new
        {
            Outcome = StreamOutcome.Interrupted,
            InputSource = TokenSource.Reported,
            OutputSource = TokenSource.Estimated,
            EventCount = 2,
        });
    }

    [Fact]
    public async Task A_stream_of_events_that_compresses_well_is_no_bomb()
    {
        byte[] plain = Encoding.UTF8.GetBytes(
            Answers.ClaudeStart + string.Concat(Enumerable.Repeat(Answers.ClaudeText, 100_000)) + Answers.ClaudeDelta + Answers.ClaudeStop);
        UsageRecord record = await RecordAsync("gzip", Encoded.Encode("gzip", plain), 4096);

        record.Outcome.Should().Be(StreamOutcome.Completed);
        record.OutputCharacters.Should().Be(2_400_000);
    }

    [Fact]
    public async Task An_encoding_of_ones_own_takes_its_place()
    {
        var options = new StreamUsageOptions().AddContentEncoding("Not-At-All", () => new CopyDecoder(fails: false))
            .AddContentEncoding("gzip", () => new CopyDecoder(fails: true));

        VerifyClaude(await RecordAsync("not-at-all", Answers.ClaudeBytes, 10, options: options));
        (await RecordAsync("gzip", Answers.ClaudeBytes, 10, options: options)).Outcome.Should().Be(StreamOutcome.Unreadable);
        CopyDecoder.Open.Should().Be(0);
    }

    // The number of events that are known after each read.
    private static async Task<long[]> ReadEventsAsync(string encoding, List<byte[]> pieces, int events)
    {
        await using var tracker = new UsageTracker(new RecordingSink(), new StreamUsageOptions().AddZstd());
        Stream tracked = tracker.Track(new PiecesStream([.. pieces]),
            Track.Nothing, out UsageTracking tracking, new TrackedResponse { ContentEncoding = Encoded.Header(encoding) });
        var buffer = new byte[10_000];
        var seen = new long[events];
        for (int i = 0; i < events; i++)
        {
            (await tracked.ReadAsync(buffer, TestContext.Current.CancellationToken)).Should().Be(pieces[i].Length);

            seen[i] = tracking.Current.EventCount;
            tracking.Current.BytesReceived.Should().Be(pieces.Take(i + 1).Sum(piece => piece.Length));
        }

        await tracked.DisposeAsync();
        return seen;
    }

    private static async Task<UsageRecord> RecordAsync(
        string? encoding, byte[] body, int pieceLength = int.MaxValue, RecordingLog? log = null, StreamUsageOptions? options = null)
    {
        await using var tracker = new UsageTracker(new RecordingSink(), options ?? new StreamUsageOptions().AddZstd(), log);
        await using Stream tracked = tracker.Track(
            new PiecewiseStream(body, pieceLength), Track.Nothing,
            out UsageTracking tracking, new TrackedResponse { ContentEncoding = encoding is null ? null : Encoded.Header(encoding) });
        var buffer = new byte[64 * 1024];
        int at = 0;
        for (int length; (length = await tracked.ReadAsync(buffer, TestContext.Current.CancellationToken)) != 0; at += length)
        {
            buffer.AsSpan(0, length).SequenceEqual(body.AsSpan(at, length)).Should().BeTrue();
        }

        return await tracking.Completion;
    }

    private static void VerifyClaude(UsageRecord record)
    {
        record.Should().BeEquivalentTo(new
        {
            Outcome = StreamOutcome.Completed,
            Protocol = "anthropic-messages",
            EventCount = 4,
            SkippedEvents = 0,
            OutputCharacters = 24,
        });
        record.Usage
            .Should().BeEquivalentTo(new { InputTokens = 25, CacheReadInputTokens = 7, CacheCreationInputTokens = 3, OutputTokens = 15 });
    }

    /// <summary>A body that comes in given pieces, one a read.</summary>
    private sealed class PiecesStream(byte[][] pieces) : MemoryStream
    {
        private int _next;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_next == pieces.Length)
            {
                return new(0);
            }

            byte[] piece = pieces[_next++];
            piece.CopyTo(buffer);
            return new(piece.Length);
        }
    }

    /// <summary>Decodes nothing, a byte a call, or throws.</summary>
    private sealed class CopyDecoder : IContentDecoder
    {
        private readonly bool _fails;

        public CopyDecoder(bool fails)
        {
            _fails = fails;
            Open++;
        }

        public static int Open { get; private set; }

        public OperationStatus Decode(ReadOnlySpan<byte> source, Span<byte> destination, out int bytesConsumed, out int bytesWritten)
        {
            if (_fails)
            {
                throw new InvalidOperationException("No.");
            }

            bytesConsumed = bytesWritten = Math.Min(1, source.Length);
            source[..bytesConsumed].CopyTo(destination);
            return OperationStatus.NeedMoreData;
        }

        public void Dispose() => Open--;
    }
}
