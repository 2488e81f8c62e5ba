using StreamUsage.Estimation;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Bounds;

/// <summary>What capture holds counts against its limit, the objects as well as the text in them.</summary>
[Collection(AloneCollection.Name)]
public sealed class CapturedMemoryTests
{
    private const int Events = 20_000;

    // What a stream holds beside what it captures, and what a test of memory cannot tell from it.
    private const long Tolerance = 96 * 1024;

    public static TheoryData<string> Answers { get; } =
    [
        """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":#,"id":"c#","type":"function","function":"""
            + """{"name":"f","arguments":"{}"}}]}}]}""",
        """{"choices":[{"index":#,"delta":{"tool_calls":[{"index":0,"id":"c#","type":"function","function":"""
            + """{"name":"f","arguments":"{}"}}]}}]}""",
        """{"choices":[{"index":#,"delta":{"content":"x"}}]}""",
        """{"choices":[{"index":#,"delta":{"content":"x","reasoning_content":"y","refusal":"z"}}]}""",
        """{"type":"content_block_start","index":#,"content_block":{"type":"text","text":""}}""",
        """{"type":"content_block_start","index":#,"content_block":{"type":"kind #","id":"id #","name":"name #","input":{"a":1}}}""",
        """{"type":"response.output_item.added","output_index":#"""
            + ""","item":{"type":"function_call","id":"i#","call_id":"c#","name":"f","arguments":"{}"}}""",
        """{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"n":#}}}]}}]}""",
    ];

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task A_message_of_many_parts_holds_at_most_twice_the_limit(string data)
    {
        await VerifyAsync(data, CapturedContent.Message, 1024);
        await VerifyAsync(data, CapturedContent.Message, 1024 * 1024);
    }

    [Fact]
    public async Task Events_without_data_hold_at_most_twice_the_limit() => await VerifyAsync("", CapturedContent.Events, 1024 * 1024);

    private static async Task VerifyAsync(string data, CapturedContent content, long limit)
    {
        var options = new StreamUsageOptions
        {
            Capture = content,
            MaxCapturedBytes = limit,
            MaxRetainedTextBytes = 0,
            Estimator = new CharacterTokenEstimator(),
        };
        await using var tracker = new UsageTracker(new RecordingSink(), options);
        await Read(tracker, new NumberedEvents(data, Events), out UsageTracking first).DisposeAsync(); // What is made once stays.
        await first.Completion;
        long before = Live();
        Stream stream = Read(tracker, new NumberedEvents(data, Events), out UsageTracking tracking);

        long live = Live() - before;
        GC.KeepAlive(stream);
        live.Should().BeLessThan((2 * limit) + Tolerance);

        await stream.DisposeAsync();
        (await tracking.Completion).Response!.Truncated.Should().BeTrue();
        tracker.Budget.Taken.Should().Be(0);
    }

    private static Stream Read(UsageTracker tracker, Stream body, out UsageTracking tracking)
    {
        byte[] buffer = new byte[64 * 1024];
        Stream stream = tracker.Track(body, Track.Nothing, out tracking);
        while (stream.Read(buffer) == buffer.Length)
        {
            // Not to the end of the body: the stream stays open.
        }

        return stream;
    }

    private static long Live()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return GC.GetTotalMemory(forceFullCollection: true);
    }
}
