using System.Globalization;
using Microsoft.AspNetCore.Http;
using StreamUsage.Delivery;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Load;

/// <summary>
/// Thousands of streams over real connections, all of them open at once: the server (Kestrel on loopback, one for the
/// class) holds each half way through its answer until all have come so far. Every answer has counts of its own, so
/// that what belongs to one stream cannot pass for another's.
/// </summary>
[Collection(AloneCollection.Name)]
public sealed class ConcurrentStreamsTests(LoopbackProvider provider) : IClassFixture<LoopbackProvider>
{
    private const int Streams = 2000;
    private const int DeltasEachHalf = 10;

    private static readonly TimeSpan TimeLimit = TimeSpan.FromMinutes(5);

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Streams_that_are_open_at_once_have_one_record_each_with_their_own_counts_and_bytes(string httpVersion)
    {
        var sink = new RecordingSink();
        await using var tracker = new UsageTracker(sink);
        var allAreHalfWay = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int halfWay = 0;

        async Task ServeAsync(HttpContext context, int index)
        {
            (string first, string second) = Answer(index);
            await LoopbackProvider.Events(first)(context);
            if (Interlocked.Increment(ref halfWay) == Streams)
            {
                allAreHalfWay.TrySetResult();
            }

            await allAreHalfWay.Task.WaitAsync(context.RequestAborted);
            await LoopbackProvider.WriteAsync(context, second);
        }

        async Task<byte[]> ReadAsync(int index)
        {
            try
            {
                using HttpResponseMessage response = await provider.GetAsync(context => ServeAsync(context, index), httpVersion);
                response.TrackUsage(tracker, new UsageContext { RequestId = Id(index) });
                await using Stream stream = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
                var seen = new MemoryStream();
                await stream.CopyToAsync(seen, TestContext.Current.CancellationToken);
                return seen.ToArray();
            }
            catch (Exception fault)
            {
                // The others would wait for this one.
                allAreHalfWay.TrySetException(fault);
                throw;
            }
        }

        byte[][] bodies = await Task.WhenAll(Enumerable.Range(0, Streams).Select(ReadAsync))
            .WaitAsync(TimeLimit, TestContext.Current.CancellationToken);
        await tracker.DisposeAsync();

        sink.Starts.Should().HaveCount(Streams);
        sink.Records.Should().HaveCount(Streams);
        Dictionary<string, UsageRecord> records = sink.Records.ToDictionary(record => record.Context.RequestId!);
        for (int index = 0; index < Streams; index++)
        {
            (string first, string second) = Answer(index);
            byte[] sent = Answers.Bytes(first + second);
            bodies[index].AsSpan().SequenceEqual(sent).Should().BeTrue("stream {0} passes through untouched", index);
            UsageRecord record = records[Id(index)];
            (record.Outcome, record.OutputSource, record.EventCount, record.BytesReceived).Should().Be(
                (StreamOutcome.Completed, TokenSource.Reported, (2 * DeltasEachHalf) + 3, sent.Length), "of stream {0}", index);
            (record.Usage.InputTokens, record.Usage.CacheReadInputTokens, record.Usage.OutputTokens)
                .Should().Be((index + 1, (2 * index) + 1, (3 * index) + 1), "of stream {0}", index);
        }
    }

    private static string Id(int index) => index.ToString(CultureInfo.InvariantCulture);

    // A Claude answer whose counts and text are those of one stream only.
    private static (string First, string Second) Answer(int index)
    {
        string start =
            $$$"""
            event: message_start
            data: {"type":"message_start","message":
            """
            + $$$"""
            {"id":"msg_{{{index}}}","type":"message","role":"assistant","model":"claude-sonnet-4-5","usage":
            """
            + $$$"""
            {"input_tokens":{{{index + 1}}},"cache_read_input_tokens":{{{(2 * index) + 1}}},"output_tokens":1},"content":[]}}


            """;
        string delta =
            $$$"""
            event: content_block_delta
            data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"of stream {{{index}}} "}}


            """;
        string end =
            $$$"""
            event: message_delta
            data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":
            """
            + $$$"""
            {"output_tokens":{{{(3 * index) + 1}}} }}


            """;
        string text = string.Concat(Enumerable.Repeat(delta, DeltasEachHalf));
        return (start + text, text + end + Answers.ClaudeStop);
    }
}
