using Microsoft.Extensions.Time.Testing;
using OpenTelemetry.Metrics;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Diagnostics;

/// <summary>The times between the chunks of a stream.</summary>
public sealed class ChunkGapsTests
{
    [Fact]
    public async Task Each_chunk_after_the_first_is_measured_from_the_one_before()
    {
        using var exported = new Exported();
        var time = new FakeTimeProvider();
        await using var tracker = new UsageTracker(
            new RecordingSink(), new StreamUsageOptions { MeterFactory = exported, LatestGenAIConventions = true }, null, time);
        string[] reads = [Answers.ClaudeStart, Answers.ClaudeText + Answers.ClaudeText, Answers.ClaudeDelta, Answers.ClaudeStop];
        var body = new ScriptedStream(reads);
        Stream stream = tracker.Track(body, Track.Nothing, out UsageTracking tracking);
        byte[] buffer = new byte[10_000];
        foreach (int milliseconds in new[] { 500, 30, 300, 30, 0 })
        {
            time.Advance(TimeSpan.FromMilliseconds(milliseconds));
            _ = await stream.ReadAsync(buffer, TestContext.Current.CancellationToken);
        }

        await tracking.Completion;
        await tracker.DisposeAsync();

        MetricPoint gaps = Exported.Points(exported.Find("gen_ai.client.inference.time_per_output_chunk")).Single();
        gaps.GetHistogramCount().Should().Be(4);
        gaps.GetHistogramSum().Should().BeApproximately(0.36, 1e-9);
        MetricPoint first = Exported.Points(exported.Find("gen_ai.client.inference.time_to_first_chunk")).Single();
        first.GetHistogramSum().Should().BeApproximately(0.5, 1e-9);
    }

    [Fact]
    public async Task The_first_thousand_chunks_of_a_stream_are_measured()
    {
        using var exported = new Exported();
        await using var tracker = new UsageTracker(
            new RecordingSink(), new StreamUsageOptions { MeterFactory = exported, LatestGenAIConventions = true });
        var body = new MemoryStream(Answers.Bytes(
            Answers.ClaudeStart + string.Concat(Enumerable.Repeat(Answers.ClaudeText, 3000)) + Answers.ClaudeDelta + Answers.ClaudeStop));

        await Track.ReadToEndAsync(tracker.Track(body, Track.Nothing, out UsageTracking tracking));
        await tracking.Completion;
        await tracker.DisposeAsync();

        Exported.Points(exported.Find("gen_ai.client.inference.time_per_output_chunk")).Single().GetHistogramCount().Should().Be(999);
    }
}
