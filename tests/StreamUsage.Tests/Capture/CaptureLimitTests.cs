using System.Globalization;
using System.Text;
using CsCheck;
using StreamUsage.Parsing.Json;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Capture;

/// <summary>What is kept is bounded, says so, and is the beginning of what there was.</summary>
public sealed class CaptureLimitTests
{
    private const string Text = "aé漢😀 \"b\"\n";

    private static readonly string Body = ReadBody.Sse(
        """{"type":"message_start","message":{"id":"m","role":"assistant","model":"claude","usage":{"input_tokens":1"""
            + ""","output_tokens":1}}}""",
        """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""",
        Delta(Text), Delta(Text),
        """{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu","name":"find","input":{}}}""",
        """{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"q\":\"漢😀\"}"}}""",
        """{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":5}}""",
        """{"type":"message_stop"}""");

    [Fact]
    public async Task A_message_is_kept_up_to_any_limit_in_whole_characters_and_says_that_it_goes_on()
    {
        CapturedResponse all = await Captured.ResponseAsync(Body);
        all.Truncated.Should().BeFalse();
        bool wasTruncated = true;
        for (int limit = 0; limit <= 1200; limit++)
        {
            CapturedResponse part = await Captured.ResponseAsync(Body, maxBytes: limit, pieceLength: 50);

            AssistantMessage message = part.Message!;
            ContentBlock[] expected = [.. all.Message!.Content];
            message.Content.Should().HaveCountLessThanOrEqualTo(expected.Length);
            for (int i = 0; i < message.Content.Count; i++)
            {
                ContentBlock block = message.Content[i];
                bool isLast = i == message.Content.Count - 1;
                IsBeginning(block.Text, expected[i].Text, isLast);
                IsBeginning(block.InputJson, expected[i].InputJson, isLast);
                block.Type.Should().Match(type => type == expected[i].Type || isLast);
            }

            message.Content
                .Sum(block => Encoding.UTF8.GetByteCount(block.Text + block.InputJson + block.ToolName + block.ToolUseId + block.Type))
                .Should().BeLessThanOrEqualTo(limit + 4);
            message.StopReason.Should().Be("tool_use");
            (part.Truncated || message.Content.SequenceEqual(expected)).Should().BeTrue("what is missing is said");
            (part.Truncated && !wasTruncated).Should().BeFalse("a higher limit keeps no less");
            wasTruncated = part.Truncated;
        }

        wasTruncated.Should().BeFalse();
    }

    [Fact]
    public async Task Events_are_kept_whole_up_to_any_limit()
    {
        string[] all = [.. (await Captured.ResponseAsync(Body, CapturedContent.Events)).Events!];
        all.Should().HaveCount(8).And.OnlyContain(data => Body.Contains(data, StringComparison.Ordinal));
        for (int limit = 0; limit < 1700; limit += 7)
        {
            CapturedResponse part = await Captured.ResponseAsync(Body, CapturedContent.Events, limit, pieceLength: 33);

            part.Events.Should().Equal(all.Take(part.Events!.Count));
            part.Events!.Sum(Encoding.UTF8.GetByteCount).Should().BeLessThanOrEqualTo(limit);
            part.Truncated.Should().Be(part.Events!.Count < all.Length);
            part.Message.Should().BeNull();
        }
    }

    [Fact]
    public async Task Message_and_events_have_one_limit_together()
    {
        CapturedResponse part = await Captured.ResponseAsync(Body, CapturedContent.Message | CapturedContent.Events, 1200);

        part.Truncated.Should().BeTrue();
        (part.Events!.Sum(Encoding.UTF8.GetByteCount)
            + part.Message!.Content.Sum(block => Encoding.UTF8.GetByteCount(block.Text + block.InputJson))).Should().BeInRange(100, 1200);
    }

    [Fact]
    public async Task A_message_that_was_replaced_gives_its_room_back()
    {
        string start = """{"type":"message_start","message":{"id":"m","role":"assistant","model":"claude","usage":{"input_tokens":1"""
            + ""","output_tokens":1}}}""";
        string[] tries = [.. Enumerable.Repeat((string[])[start, Delta(new string('x', 300))], 10).SelectMany(events => events)];

        CapturedResponse response = await Captured.ResponseAsync(ReadBody.Sse(tries), maxBytes: 900);

        response.Message!.Lines().Should().Equal($"text '{new string('x', 300)}'");
        response.Truncated.Should().BeFalse();
    }

    [Fact]
    public async Task Blocks_without_text_take_room_too()
    {
        string[] blocks = [.. Enumerable.Range(0, 5000)
            .Select(i => $$$"""{"type":"content_block_start","index":{{{i}}},"content_block":{"type":"text","text":""}}""")];

        CapturedResponse response = await Captured.ResponseAsync(ReadBody.Sse(blocks), maxBytes: 10_000);

        response.Message!.Content.Should().HaveCountLessThan(100);
        response.Truncated.Should().BeTrue();
    }

    [Fact]
    public async Task An_event_that_is_too_large_to_keep_is_cut_and_says_so()
    {
        var options = new StreamUsageOptions { Capture = CapturedContent.Message | CapturedContent.Events, MaxEventBytes = 1000 };
        byte[] body = Encoding.UTF8.GetBytes(ReadBody.Sse(Delta("Short. "), Delta(new string('x', 2000)), """{"type":"message_stop"}"""));

        CapturedResponse response = (await Captured.RecordAsync(body, options, pieceLength: 100)).Response!;

        response.Truncated.Should().BeTrue();
        response.Message!.Content.Should().ContainSingle().Which.Text.Should().StartWith("Short. xxx").And.HaveLength(7 + 256);
        response.Events.Should().HaveCount(3);
    }

    [Fact]
    public async Task A_terminal_event_that_is_too_large_to_keep_leaves_the_message_whole()
    {
        var options = new StreamUsageOptions { Capture = CapturedContent.Message, MaxEventBytes = 500 };
        string text = new('x', 400);
        string[] deltas =
            [.. Enumerable.Repeat($$"""{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"{{text}}"}""", 3)];
        string item = $$"""{"type":"message","role":"assistant","content":[{"type":"output_text","text":"{{text}}{{text}}{{text}}"}]}""";
        byte[] body = Encoding.UTF8.GetBytes(ReadBody.Sse(
            [.. deltas, $$$"""{"type":"response.output_item.done","output_index":0,"item":{{{item}}}}""",
                $$$"""{"type":"response.completed","response":{"id":"r","status":"completed","output":[{{{item}}}]}}"""]));

        CapturedResponse response = (await Captured.RecordAsync(body, options, pieceLength: 100)).Response!;

        response.Truncated.Should().BeFalse();
        response.Message!.Content.Should().ContainSingle().Which.Text.Should().Be(text + text + text);
    }

    [Fact]
    public async Task All_responses_together_keep_no_more_than_the_tracker_may_and_give_it_back()
    {
        var options = new StreamUsageOptions { Capture = CapturedContent.Message, MaxRetainedBytes = 20_000, MaxRetainedTextBytes = 0 };
        byte[] body = Encoding.UTF8.GetBytes(ReadBody.Sse(Delta(new string('x', 12_000)), """{"type":"message_stop"}"""));
        await using var tracker = new UsageTracker(new RecordingSink(), options);
        var tracked = new List<(Stream Stream, UsageTracking Tracking)>();
        for (int i = 0; i < 4; i++)
        {
            Stream stream = tracker.Track(new PiecewiseStream(body, body.Length - 30), Track.Nothing, out UsageTracking tracking);
            (await stream.ReadAsync(new byte[body.Length], TestContext.Current.CancellationToken)).Should().Be(body.Length - 30);
            tracked.Add((stream, tracking));
        }

        tracker.Budget.Taken.Should().BeInRange(1, 20_000);
        var texts = new List<int>();
        foreach ((Stream stream, UsageTracking tracking) in tracked)
        {
            await stream.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken);
            CapturedResponse response = (await tracking.Completion).Response!;
            int length = response.Message!.Content.Sum(block => block.Text!.Length);
            response.Truncated.Should().Be(length != 12_000);
            texts.Add(length);
        }

        texts.Should().Contain(12_000).And.Contain(0);
        tracker.Budget.Taken.Should().Be(0);
    }

    [Fact]
    public void A_cut_goes_through_no_character()
    {
        Gen.Select(Gen.String, Gen.Int[0, 200]).Sample((text, length) =>
        {
            byte[] utf8 = Encoding.UTF8.GetBytes(text);
            int whole = Utf8Text.WholeCharacters(utf8, Math.Min(length, utf8.Length));
            string cut = Encoding.UTF8.GetString(utf8.AsSpan(0, whole));
            Encoding.UTF8.GetString(utf8).Should().StartWith(cut);
            (Math.Min(length, utf8.Length) - whole).Should().BeInRange(0, 3, "no character is longer than four bytes");
        });
    }

    [Fact]
    public void Escapes_are_decoded_as_the_framework_decodes_them()
    {
        Gen.String.Sample(text =>
        {
            string sound = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)); // Without lone surrogates.
            byte[] ascii = Encoding.UTF8.GetBytes(System.Text.Json.JsonSerializer.Serialize(sound));
            JsonStringText.ToString(ascii.AsSpan(1..^1)).Should().Be(sound);
        });
        JsonStringText.ToString("\\ud83d \\uDE00 \\ud83d\\ude00 \\/ \\b\\f\\u00"u8).Should().Be("\uFFFD \uFFFD 😀 / \b\f\uFFFD");
    }

    private static string Delta(string text) =>
        """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"""
        + $$$"""{{{System.Text.Json.JsonSerializer.Serialize(text)}}}}}""";

    private static void IsBeginning(string? part, string? whole, bool isLast)
    {
        if (part is null)
        {
            (whole is null || isLast).Should().BeTrue();
            return;
        }

        (isLast ? whole![..part.Length] : whole).Should().Be(part);
        part.Should().NotContain("\uFFFD");
    }
}
